import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const place = path.join(__dirname, '..', '..', 'docs', 'operations', 'dashboard.json');

/** What the tests look at; the rest is Grafana's. */
const panel = z.looseObject({
  id: z.number(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  description: z.string().optional(),
  gridPos: z.strictObject({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  datasource: z.unknown().optional(),
  fieldConfig: z
    .looseObject({
      defaults: z.looseObject({
        unit: z.string().min(1),
        thresholds: z.looseObject({ steps: z.array(z.unknown()).min(1) }),
      }),
    })
    .optional(),
  targets: z
    .array(
      z.looseObject({
        refId: z.string(),
        expr: z.string(),
        legendFormat: z.string(),
        datasource: z.unknown().optional(),
      }),
    )
    .default([]),
});
const dashboard = z.looseObject({
  id: z.never().optional(),
  uid: z.never().optional(),
  schemaVersion: z.number().min(39),
  templating: z.strictObject({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  panels: z.array(panel),
});

/** The dashboard of docs/operations. */
export function readDashboard(): z.infer<typeof dashboard> {
  return dashboard.parse(JSON.parse(readFileSync(place, 'utf8')));
}
