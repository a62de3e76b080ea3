/** The types of expressions, and their text in messages. Source: cel-go, common/types/types.go, checker/format.go. */
export type CelKind =
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'parameter'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint';

export interface CelType {
  readonly kind: CelKind;
  /** The name that `type(x)` shows. */
  readonly name: string;
  readonly parameters: readonly CelType[];
}

const simple = (kind: CelKind, name: string = kind): CelType => ({ kind, name, parameters: [] });

export const boolType = simple('bool');
export const bytesType = simple('bytes');
export const doubleType = simple('double');
export const durationType = simple('duration', 'google.protobuf.Duration');
export const dynType = simple('dyn');
export const errorType = simple('error', '*error*');
export const intType = simple('int');
export const nullType = simple('null', 'null_type');
export const stringType = simple('string');
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp');
export const typeType = simple('type');
export const uintType = simple('uint');

export const listType = (element: CelType): CelType => ({ kind: 'list', name: 'list', parameters: [element] });
export const mapType = (key: CelType, value: CelType): CelType => ({ kind: 'map', name: 'map', parameters: [key, value] });
export const structType = (name: string): CelType => ({ kind: 'struct', name, parameters: [] });
export const opaqueType = (name: string, ...parameters: readonly CelType[]): CelType => ({ kind: 'opaque', name, parameters });
export const optionalType = (of: CelType): CelType => opaqueType('optional_type', of);
export const typeParameter = (name: string): CelType => ({ kind: 'parameter', name, parameters: [] });
export const typeOf = (type: CelType): CelType => ({ kind: 'type', name: 'type', parameters: [type] });

export const isDyn = ({ kind }: CelType): boolean => kind === 'dyn';
export const isDynOrError = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'error';
export const isOptional = ({ kind, name }: CelType): boolean => kind === 'opaque' && name === 'optional_type';

/** The first parameter of a type that has one. */
export const firstParameter = (type: CelType): CelType => type.parameters[0] ?? dynType;

/** What an optional holds, or the type itself. */
export const withoutOptional = (type: CelType): CelType => (isOptional(type) ? firstParameter(type) : type);

export function isSameType(one: CelType, other: CelType): boolean {
  if (one === other) return true;
  return (
    one.kind === other.kind &&
    one.name === other.name &&
    one.parameters.length === other.parameters.length &&
    one.parameters.every((parameter, index) => isSameType(parameter, other.parameters[index] ?? errorType))
  );
}

/** Names in error messages, for types that `type(x)` names differently. */
const ownTexts: Readonly<Partial<Record<CelKind, string>>> = {
  duration: 'duration',
  timestamp: 'timestamp',
  error: '!error!',
  null: 'null',
};

export function typeText(type: CelType): string {
  const { kind, name, parameters } = type;
  return ownTexts[kind] ?? (parameters.length === 0 ? name : `${name}(${parameters.map(typeText).join(', ')})`);
}

export function signatureText(parameters: readonly CelType[], isMember: boolean): string {
  const [target, ...rest] = parameters;
  if (!isMember || target === undefined) return `(${parameters.map(typeText).join(', ')})`;
  return `${typeText(target)}.(${rest.map(typeText).join(', ')})`;
}
