/**
 * What `work` answers, and the longest time in ms that nothing else in this process could happen meanwhile. The last
 * stretch counts, too, which `monitorEventLoopDelay` learns of only at its next turn.
 */
export async function measureStall<T>(work: () => Promise<T>): Promise<{ answer: T; stallMs: number }> {
  let last = performance.now();
  let stallMs = 0;
  const look = () => {
    stallMs = Math.max(stallMs, performance.now() - last);
    last = performance.now();
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
