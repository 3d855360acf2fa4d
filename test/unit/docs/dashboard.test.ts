import { readDashboard } from '../../support/dashboard';

const dashboard = readDashboard();
const shown = dashboard.panels.filter(({ type }) => type !== 'row');

describe('the dashboard', () => {
  it('takes its data source and the bots from variables, and knows no instance of Grafana', () => {
    expect(dashboard.templating.list.map(({ name, type }) => [name, type])).toEqual([
      ['datasource', 'datasource'],
      ['instance', 'query'],
    ]);
    const sources = shown.flatMap(({ datasource, targets }) => [datasource, ...targets.map((one) => one.datasource)]);
    for (const source of sources) expect(source).toEqual({ type: 'prometheus', uid: '${datasource}' });
    for (const { expr } of shown.flatMap(({ targets }) => targets)) expect(expr).toContain('instance=~"$instance"');
  });

  it('says of each panel what it shows, in which unit, and from where on it is bad', () => {
    for (const { title, description, fieldConfig, targets } of shown) {
      expect([title, description?.length]).toEqual([title, expect.any(Number)]);
      expect([title, fieldConfig]).toEqual([title, expect.anything()]);
      expect([title, targets.length]).not.toEqual([title, 0]);
    }
    expect(shown.length).toBeGreaterThan(20);
  });

  it('has each panel once, none over another, none beyond the edge', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.filter(({ gridPos: { x, w } }) => x + w > 24)).toEqual([]);
  });
});
