import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const operations = path.join(__dirname, '..', '..', 'docs', 'operations');

const texts = z.record(z.string(), z.string());
const rule = z.strictObject({
  alert: z.string(),
  expr: z.string(),
  for: z.string().optional(),
  labels: texts,
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const ruleFile = z.strictObject({ groups: z.tuple([z.strictObject({ name: z.string(), rules: z.array(rule) })]) });
const testFile = z.looseObject({
  tests: z.array(
    z.looseObject({
      name: z.string(),
      alert_rule_test: z.array(z.looseObject({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })),
    }),
  ),
});

export type Rule = z.infer<typeof rule>;
export type RuleTests = z.infer<typeof testFile>;

/** The alert rules of docs/operations. */
export function readRules(): readonly Rule[] {
  return ruleFile.parse(parse(readFileSync(path.join(operations, 'alerts.yml'), 'utf8'))).groups[0].rules;
}

/** What promtool tests them with. */
export function readRuleTests(file: string): RuleTests {
  return testFile.parse(parse(readFileSync(path.join(operations, file), 'utf8')));
}
