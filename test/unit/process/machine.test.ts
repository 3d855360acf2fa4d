import { readFileSync } from 'node:fs';
import path from 'node:path';
import { OperatorError } from '../../../src/process/operator-error';
import { requireMachine } from '../../../src/process/machine';

describe('the machine', () => {
  it.each(['20.19.0', '20.20.2', '22.13.0', '22.22.0', '24.0.0', '25.1.0', '26.0.0', '100.0.0'])(
    'may have Node.js %s',
    (version) => {
      expect(() => {
        requireMachine(version, 'linux');
        requireMachine(version, 'darwin');
      }).not.toThrow();
    },
  );

  it.each(['18.20.0', '20.18.3', '21.7.3', '22.0.0', '22.1.0', '22.12.0', '23.11.0'])(
    'may not have Node.js %s: it is told which',
    (version) => {
      const start = () => {
        requireMachine(version, 'linux');
      };
      expect(start).toThrow(OperatorError);
      expect(start).toThrow(`It does not run on Node.js ${version}: install 24 or later`);
    },
  );

  it('may not be Windows', () => {
    expect(() => {
      requireMachine('24.0.0', 'win32');
    }).toThrow(/Linux and macOS, not on Windows.*WSL/);
  });

  it('is told by package.json, too', () => {
    const text = readFileSync(path.join(__dirname, '..', '..', '..', 'package.json'), 'utf8');
    const { engines } = JSON.parse(text) as { engines: { node: string } };
    const least = engines.node.match(/[\d.]+/g) ?? [];
    expect(least).toEqual(['20.19.0', '22.13.0', '24.0.0']);
    for (const version of least) {
      expect(() => {
        requireMachine(version, 'linux');
      }).not.toThrow();
    }
  });
});
