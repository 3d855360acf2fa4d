import { describeCommitError, isLeftoverOfFailedCommit } from '../../../../src/queue/lmdb/commit-error';

const failedCommit = (commitError: Promise<unknown>) =>
  Object.assign(new Error('Commit failed (see commitError)'), { commitError });

describe('describeCommitError', () => {
  it('finds the cause behind a failed commit', async () => {
    await expect(describeCommitError(failedCommit(Promise.reject(new Error('No space left'))))).resolves.toBe(
      'No space left',
    );
  });

  it('does not wait for ever for a cause', async () => {
    jest.useFakeTimers();
    let isDescribed = false;
    const described = describeCommitError(failedCommit(new Promise(() => undefined)));
    void described.then(() => (isDescribed = true));
    await jest.advanceTimersByTimeAsync(99);
    expect(isDescribed).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    expect(isDescribed).toBe(true);
    jest.useRealTimers();
    await expect(described).resolves.toMatch(/^Commit failed/);
  });

  it('takes any other error as it is', async () => {
    await expect(describeCommitError(new Error('ENOENT'))).resolves.toBe('ENOENT');
    await expect(describeCommitError('odd')).resolves.toBe('odd');
  });
});

describe('isLeftoverOfFailedCommit', () => {
  it('knows what lmdb leaves behind, and nothing else', () => {
    const leftover = failedCommit(Promise.resolve());
    expect([leftover, new Error('x'), 'x', undefined].map(isLeftoverOfFailedCommit)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
