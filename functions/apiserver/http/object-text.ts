/** Objects as JSON text. A stored object is frozen, so its text is made once, however many clients want it. */

const texts = new WeakMap<object, string>();

export function objectText(object: object): string {
  if (!Object.isFrozen(object)) return JSON.stringify(object);
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    texts.set(object, text);
  }
  return text;
}
