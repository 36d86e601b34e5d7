import { describe, expect, it } from 'vitest';
import { findActor } from '../../cli/actor.ts';
import { runCli } from '../../cli/run-cli.ts';

/** What Node says of a user id that is not in /etc/passwd. */
const nameless = () => {
  throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)');
};

describe('who asks', () => {
  it('is the user that runs the CLI', () => {
    expect(findActor(() => 'ada', { USER: 'somebody else' })).toBe('ada');
  });

  it.each([
    ['the environment', { USER: '65532' }, '65532'],
    ['the CLI itself, without one', {}, 'ironloom-cli'],
    ['the CLI itself, with an empty one', { USER: '' }, 'ironloom-cli'],
  ])('has a name from %s when the system knows none', (_name, env, expected) => {
    expect(findActor(nameless, env)).toBe(expected);
  });

  it('is not asked for before a command needs it', async () => {
    const out: string[] = [];
    const world = {
      print: (text: string) => out.push(text),
      complain: () => {},
      whoAsks: nameless,
      answerTimeoutMs: 1,
    };
    expect(await runCli(['retry', '--help'], world)).toBe(0);
    expect(out.join()).toContain('--actor <name>   who asks (default: the user that runs this)');
  });
});
