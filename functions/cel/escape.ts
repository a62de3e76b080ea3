/** Names of fields as expressions write them. Source: apiserver, pkg/cel/escaping.go. */
const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

const escapes: Readonly<Record<string, string>> = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' };

/** A word that CEL keeps to itself, and that a selection may still use as a field's name. */
export const isReserved = (name: string): boolean => reserved.has(name);

/** Undefined where no expression can name the field. */
export function escapedName(name: string): string | undefined {
  if (isReserved(name)) return `__${name}__`;
  if (!/^[A-Za-z_.\-/][A-Za-z0-9_.\-/]*$/u.test(name)) return undefined;
  return name.replaceAll(/__|[-./]/gu, (part) => escapes[part] ?? part);
}
