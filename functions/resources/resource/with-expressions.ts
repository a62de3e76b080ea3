/** Reads rules that compile expressions, once what those need is there. */
export async function withExpressions<T>(read: () => Promise<T>): Promise<T> {
  const { loadExpressions } = await import('../../cel/program.ts');
  const [rules] = await Promise.all([read(), loadExpressions()]);
  return rules;
}
