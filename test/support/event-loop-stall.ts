/**
 * What `work` answers, and the longest time in ms that this thread computed without letting anything else happen.
 * What other processes take of the machine meanwhile does not count.
 */
export async function measureStall<T>(work: () => Promise<T>): Promise<{ answer: T; stallMs: number }> {
  let last = process.threadCpuUsage();
  let stallMs = 0;
  const look = () => {
    const { user, system } = process.threadCpuUsage(last);
    stallMs = Math.max(stallMs, (user + system) / 1_000);
    last = process.threadCpuUsage();
  };
  const timer = setInterval(look, 2);
  try {
    const answer = await work();
    look();
    return { answer, stallMs };
  } finally {
    clearInterval(timer);
  }
}
