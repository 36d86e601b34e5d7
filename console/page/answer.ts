/** Reads what a console of the same build answered, whose shape both know. @throws SyntaxError when it is something else */
export function parseAnswer<T extends object>(text: string): T {
  const answer: unknown = JSON.parse(text);
  if (!isAnswer<T>(answer)) throw new SyntaxError('No answer of the console');
  return answer;
}

function isAnswer<T extends object>(answer: unknown): answer is T {
  return typeof answer === 'object' && answer !== null;
}
