/**
 * What a schema declares of the values that an expression meets: their type, their fields and how large they may grow.
 * Source: apiserver, pkg/cel/types.go.
 */
import { type CelType, structType } from './check/type.ts';
import { escapedName, isReserved } from './escape.ts';
import type { ListIdentity } from './values/json.ts';

export interface DeclaredType {
  readonly type: CelType;
  readonly fields?: ReadonlyMap<string, DeclaredField>;
  /** The type of a list's items or of a map's values. */
  readonly element?: DeclaredType;
  readonly key?: DeclaredType;
  readonly identity?: ListIdentity;
  readonly isDate?: boolean;
  /** Elements, entries, characters or bytes. */
  readonly sizeMax: number;
  /** The least size of a value, in bytes of JSON. */
  readonly serializedMin: number;
}

export interface DeclaredField {
  /** Its name in JSON; its name in expressions may be escaped. */
  readonly jsonName: string;
  readonly declared: DeclaredType;
}

/** The field that an expression selects: by its escaped name, or by a reserved word itself. */
export function selectedField({ fields }: DeclaredType, name: string): DeclaredField | undefined {
  return fields?.get(name) ?? (isReserved(name) ? fields?.get(escapedName(name) ?? name) : undefined);
}

export const isDeclaredObject = ({ fields }: DeclaredType): boolean => fields !== undefined;

/** Object types by name, of all that can be reached from these. */
export function objectTypes(roots: readonly DeclaredType[]): ReadonlyMap<string, DeclaredType> {
  const found = new Map<string, DeclaredType>();
  const visit = (declared: DeclaredType): void => {
    if (declared.fields !== undefined) {
      if (found.has(declared.type.name)) return;
      found.set(declared.type.name, declared);
      for (const field of declared.fields.values()) visit(field.declared);
    }
    if (declared.element !== undefined) visit(declared.element);
  };
  for (const root of roots) visit(root);
  return found;
}

/** An object type with fields of its own, for variables that no schema describes. */
export function declaredObject(name: string, fields: Readonly<Record<string, DeclaredType>>): DeclaredType {
  return {
    type: structType(name),
    fields: new Map(Object.entries(fields).map(([field, declared]) => [field, { jsonName: field, declared }])),
    sizeMax: 0,
    serializedMin: 2,
  };
}
