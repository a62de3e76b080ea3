/** A command's code is read when the command is given: most of them need little of what `up` needs. */
export const lazily =
  <A extends readonly unknown[]>(load: () => Promise<(...args: A) => void | Promise<void>>) =>
  async (...args: A): Promise<void> =>
    (await load())(...args);
