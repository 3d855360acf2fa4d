import { readRules, readRuleTests } from '../../support/alerts';

const rules = readRules();

describe('the alerts', () => {
  it('have each a test in which they fire and one in which they do not', () => {
    const tests = ['alerts.test.yml', 'alerts-week.test.yml'].flatMap((file) =>
      readRuleTests(file).tests.flatMap((one) => one.alert_rule_test),
    );
    for (const { alert } of rules) {
      const counts = tests.filter(({ alertname }) => alertname === alert).map((one) => one.exp_alerts.length);
      expect([alert, counts.includes(0), counts.includes(1)]).toEqual([alert, true, true]);
    }
    expect(
      tests.map(({ alertname }) => alertname).filter((name) => !rules.some(({ alert }) => alert === name)),
    ).toEqual([]);
  });

  it('say each how urgent they are', () => {
    for (const { alert, labels } of rules) {
      expect([alert, labels['severity']]).toEqual([alert, expect.stringMatching(/^(page|ticket)$/)]);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });
});
