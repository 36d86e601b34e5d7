import { activityInfo } from '@temporalio/activity';

/** An activity that fails within a task, so that its run asks for it beside one: people see it there, and reach it. */
export function besideTask<Input, Outcome>(
  activity: (input: Input) => Promise<Outcome>,
): (input: Input) => Promise<Outcome> {
  return async (input) => {
    if (activityInfo().isLocal) throw new Error('Not within a task');
    return activity(input);
  };
}
