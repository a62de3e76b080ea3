/** OpenAPI definitions by name, and the subset of them that a set of roots needs. */
export interface Property {
  readonly type?: string;
  readonly format?: string;
  readonly $ref?: string;
  readonly items?: Property;
  readonly additionalProperties?: Property;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly oneOf?: readonly Property[];
}

export interface DefinitionSchema extends Property {
  readonly properties?: Readonly<Record<string, Property>>;
  readonly required?: readonly string[];
}

export type Definitions = Readonly<Record<string, DefinitionSchema>>;

export const referenceName = (reference: string): string => reference.replace('#/definitions/', '');

export function closureOf(definitions: Definitions, isRoot: (name: string) => boolean): Definitions {
  const found: Record<string, DefinitionSchema> = {};
  const pending = Object.keys(definitions).filter(isRoot);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const definition = definitions[name];
    if (definition === undefined) throw new Error(`definition ${name} is referred to but not there`);
    if (found[name] !== undefined) continue;
    found[name] = definition;
    for (const match of JSON.stringify(definition).matchAll(/#\/definitions\/([^"]+)/g)) pending.push(match[1] ?? '');
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}
