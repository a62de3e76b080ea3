/** The declarations of functions, read from their lines when they are first asked for. */
import { signatureLines } from '../library/signatures.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  listType,
  mapType,
  nullType,
  opaqueType,
  optionalType,
  stringType,
  structType,
  timestampType,
  typeOf,
  typeParameter,
  uintType,
} from './type.ts';

export interface Overload {
  readonly id: string;
  readonly isMember: boolean;
  /** A member's target first. */
  readonly parameters: readonly CelType[];
  readonly result: CelType;
  readonly typeParameters: readonly string[];
}

export type Declarations = ReadonlyMap<string, readonly Overload[]>;

const simple: Readonly<Record<string, CelType>> = {
  bool: boolType,
  bytes: bytesType,
  double: doubleType,
  duration: durationType,
  dyn: dynType,
  int: intType,
  null: nullType,
  string: stringType,
  timestamp: timestampType,
  uint: uintType,
};

export function readType(text: string): CelType {
  const known = simple[text];
  if (known !== undefined) return known;
  if (/^[A-Z]$/u.test(text)) return typeParameter(text);
  const open = text.indexOf('(');
  if (open === -1) return text.startsWith('net.') ? opaqueType(text) : structType(text);
  const [first = dynType, second = dynType] = readTypes(text.slice(open + 1, -1));
  switch (text.slice(0, open)) {
    case 'list':
      return listType(first);
    case 'map':
      return mapType(first, second);
    case 'optional':
      return optionalType(first);
    default:
      return typeOf(first);
  }
}

/** Types that commas part, where no bracket is open. */
function readTypes(text: string): CelType[] {
  const parts: string[] = [];
  let [depth, start] = [0, 0];
  for (const [index, character] of Array.from(text).entries()) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(readType);
}

function parametersOf({ kind, name, parameters }: CelType): string[] {
  return kind === 'parameter' ? [name] : parameters.flatMap(parametersOf);
}

function readLine(line: string): readonly [string, Overload] {
  const match = /^(\S+) (\S+) (.*)$/u.exec(line);
  const [, name = '', id = '', signature = ''] = match ?? [];
  const { target, inner, result } = partsOf(signature);
  const parameters = [...(target === '' ? [] : [readType(target)]), ...readTypes(inner)];
  const typeParameters = [...new Set([...parameters, readType(result)].flatMap(parametersOf))];
  return [name, { id, isMember: target !== '', parameters, result: readType(result), typeParameters }];
}

/** `target.(arguments) result`: the arguments' bracket is the last one at depth 0 before a space. */
function partsOf(signature: string): { readonly target: string; readonly inner: string; readonly result: string } {
  const member = signature.indexOf('.(');
  const open = member === -1 ? 0 : member + 1;
  let depth = 0;
  for (let index = open; index < signature.length; index += 1) {
    if (signature[index] === '(') depth += 1;
    if (signature[index] === ')') depth -= 1;
    if (depth === 0) {
      return {
        target: signature.slice(0, Math.max(member, 0)),
        inner: signature.slice(open + 1, index),
        result: signature.slice(index + 2),
      };
    }
  }
  throw new Error(`a signature does not end: ${signature}`);
}

export function readDeclarations(lines: readonly string[]): Declarations {
  const found = new Map<string, Overload[]>();
  for (const line of lines) {
    const [name, overload] = readLine(line);
    const known = found.get(name);
    if (known === undefined) found.set(name, [overload]);
    else known.push(overload);
  }
  return found;
}

let base: Declarations | undefined;

export function baseDeclarations(): Declarations {
  base ??= readDeclarations(signatureLines);
  return base;
}
