import { userInfo } from 'node:os';

/** Recorded for a user without a name, as in a container whose image has no such user. */
const NAMELESS_ACTOR = 'ironloom-cli';

/** Who asks for an operation when nobody says so: the user that runs the CLI. */
export function findActor(
  lookUp: () => string = () => userInfo().username,
  env: Record<string, string | undefined> = process.env,
): string {
  try {
    return lookUp();
  } catch {
    return env['USER'] || NAMELESS_ACTOR;
  }
}
