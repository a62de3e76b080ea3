/** What an expression may name: variables, object types, functions. */
import { type DeclaredType, objectTypes } from '../declared-type.ts';
import { baseDeclarations, type Declarations, readDeclarations, readType } from './declarations.ts';
import { patchSignatureLines, signatureLines } from '../library/signatures.ts';
import { type CelType, structType } from './type.ts';

export interface Environment {
  readonly variables: ReadonlyMap<string, CelType>;
  /** By their names; those that are built in are not among them. */
  readonly objects: ReadonlyMap<string, DeclaredType>;
  readonly declarations: Declarations;
  /** Types that expressions may make, which have fields; otherwise an object literal names nothing. */
  readonly constructible?: ObjectConstruction;
}

/** What types of objects an expression may make, by the fields of a schema. */
export interface ObjectConstruction {
  find(name: string): DeclaredType | undefined;
}

export function environment(variables: Readonly<Record<string, CelType>>, roots: readonly DeclaredType[] = []): Environment {
  return { variables: new Map(Object.entries(variables)), objects: objectTypes(roots), declarations: baseDeclarations() };
}

let patching: Declarations | undefined;

/** The environment with what makes patches: `JSONPatch{}`, `Object{}`, and the function that escapes keys. */
export function patchEnvironment(known: Environment, constructible: ObjectConstruction): Environment {
  patching ??= readDeclarations([...signatureLines, ...patchSignatureLines]);
  return { ...known, declarations: patching, constructible };
}

const namesOfTypes = ['bool', 'bytes', 'double', 'dyn', 'int', 'string', 'uint'] as const;
const builtInTypes: ReadonlyMap<string, CelType> = new Map<string, CelType>([
  ...namesOfTypes.map((name): [string, CelType] => [name, readType(name)]),
  ['list', readType('list(dyn)')],
  ['map', readType('map(dyn, dyn)')],
  ['null_type', readType('null')],
  ['type', { kind: 'type', name: 'type', parameters: [] }],
  ['optional_type', readType('optional(dyn)')],
  ['google.protobuf.Duration', readType('duration')],
  ['google.protobuf.Timestamp', readType('timestamp')],
  ['net.IP', readType('net.IP')],
  ['net.CIDR', readType('net.CIDR')],
  ...['URL', 'Quantity', 'Semver', 'NamedFormat'].map((name): [string, CelType] => [
    `kubernetes.${name}`,
    structType(`kubernetes.${name}`),
  ]),
]);

/** The type that a name stands for, as in `type(x) == string`. */
export const typeNamed = (name: string): CelType | undefined => builtInTypes.get(name.replace(/^\./u, ''));
