import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { stringify } from 'yaml';
import { readRules, readRuleTests, type Rule, type RuleTests } from '../support/alerts';
import { temporaryFolder } from '../support/temporary-folder';

/* What promtool says of docs/operations; it comes with Prometheus (Debian: apt-get install prometheus). */

const folder = path.join(__dirname, '..', '..', 'docs', 'operations');
const testFiles = ['alerts.test.yml', 'alerts-week.test.yml'];
const rules = readRules();

function promtool(cwd: string, ...args: readonly string[]): { readonly status: number | null; readonly said: string } {
  const { error, status, stdout, stderr } = spawnSync('promtool', args, { cwd, encoding: 'utf8', timeout: 60_000 });
  if (error)
    throw new Error('promtool does not run: install Prometheus (apt-get install prometheus)', { cause: error });
  return { status, said: stdout + stderr };
}

it('takes the rules', () => {
  const { status, said } = promtool(folder, 'check', 'rules', 'alerts.yml');
  expect(said).toContain(`SUCCESS: ${rules.length} rules found`);
  expect(status).toBe(0);
});

it.each(testFiles)('agrees with %s', (file) => {
  const { status, said } = promtool(folder, 'test', 'rules', file);
  expect(said).toContain('SUCCESS');
  expect(status).toBe(0);
});

/** The tests of one rule, run against another version of it. */
function testRule(rule: Rule): number | null {
  const place = temporaryFolder();
  writeFileSync(path.join(place, 'alerts.yml'), stringify({ groups: [{ name: 'one', rules: [rule] }] }));
  const isOfRule = ({ alert_rule_test: tests }: RuleTests['tests'][number]) =>
    tests.some(({ alertname }) => alertname === rule.alert);
  const statuses = testFiles.map((file) => {
    const all = readRuleTests(file);
    const tests = all.tests.filter(isOfRule);
    writeFileSync(path.join(place, file), stringify({ ...all, tests }));
    return tests.length === 0 ? 0 : promtool(place, 'test', 'rules', file).status;
  });
  return Math.max(...statuses.map(Number));
}

describe.each(rules)('the tests of $alert', (rule) => {
  it('pass for it alone', () => {
    expect(testRule(rule)).toBe(0);
  });

  it('notice when it never fires', () => {
    expect(testRule({ ...rule, expr: `(${rule.expr}) and vector(1) > 2` })).not.toBe(0);
  });

  it('notice when it fires without its condition', () => {
    expect(testRule({ ...rule, expr: 'vector(1)' })).not.toBe(0);
  });
});

it.each(rules.filter(({ for: waits }) => waits !== undefined))(
  'the tests of $alert notice when it fires at once',
  (rule) => {
    const { for: _, ...atOnce } = rule;
    expect(testRule(atOnce)).not.toBe(0);
  },
);
