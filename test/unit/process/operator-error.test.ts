import { ConfigError } from '../../../src/config';
import { explainStart, OperatorError } from '../../../src/process/operator-error';

describe('explainStart', () => {
  it('repeats the list of wrong settings', () => {
    const error = new ConfigError(['PORT is wrong.']);
    expect(explainStart(error)).toBe(error.message);
    expect(error.message).toContain('\n  - PORT is wrong.\n');
  });

  it('repeats what a person can mend', () => {
    expect(explainStart(new OperatorError('Damaged.'))).toBe('The bot cannot start. Damaged.');
  });

  it('shows the stack of what nobody expected', () => {
    const error = new Error('odd');
    expect(explainStart(error)).toBe(error.stack);
    delete error.stack;
    expect(explainStart(error)).toBe('odd');
    expect(explainStart('text')).toBe('text');
  });
});
