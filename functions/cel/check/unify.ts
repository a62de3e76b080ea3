/** Which types fit where, and what that makes of type parameters. Source: cel-go, checker/types.go. */
import { type CelType, dynType, firstParameter, isDyn, isDynOrError, isSameType, typeOf } from './type.ts';

/** What type parameters stand for so far, by their names. */
export type Substitutions = ReadonlyMap<string, CelType>;

/** The substitutions under which each type fits its counterpart; undefined: none do. */
export function fitsAll(known: Substitutions, from: readonly CelType[], to: readonly CelType[]): Substitutions | undefined {
  const found = new Map(known);
  return fitAll(found, from, to) ? found : undefined;
}

export const fits = (known: Substitutions, from: CelType, to: CelType): Substitutions | undefined => fitsAll(known, [from], [to]);

function fitAll(found: Map<string, CelType>, from: readonly CelType[], to: readonly CelType[]): boolean {
  return from.length === to.length && from.every((type, index) => fit(found, type, to[index] ?? dynType));
}

function fit(found: Map<string, CelType>, from: CelType, to: CelType): boolean {
  if (to.kind === 'parameter') {
    const { isValid, hadSubstitution } = substituteFor(found, from, to);
    if (isValid) return true;
    if (hadSubstitution) return false;
  }
  if (from.kind === 'parameter') return substituteFor(found, to, from).isValid;
  if (isDynOrError(from) || isDynOrError(to)) return true;
  if (from.kind === 'null') return isNullable(to);
  if (to.kind === 'null') return isNullable(from);
  if (from.kind === 'type') return to.kind === 'type';
  if (from.kind !== to.kind || from.name !== to.name) return false;
  return !isContainer(from) || fitAll(found, from.parameters, to.parameters);
}

const isContainer = ({ kind }: CelType): boolean => kind === 'opaque' || kind === 'list' || kind === 'map';

const isNullable = ({ kind }: CelType): boolean =>
  kind === 'null' || kind === 'opaque' || kind === 'struct' || kind === 'duration' || kind === 'timestamp';

interface Substituted {
  readonly isValid: boolean;
  readonly hadSubstitution: boolean;
}

function substituteFor(found: Map<string, CelType>, type: CelType, parameter: CelType): Substituted {
  if (isSameType(type, parameter)) return { isValid: true, hadSubstitution: true };
  const known = found.get(parameter.name);
  if (known === undefined) {
    const isValid = isAbsentFrom(found, parameter, type);
    if (isValid) found.set(parameter.name, type);
    return { isValid, hadSubstitution: false };
  }
  if (isSameType(type, known)) return { isValid: true, hadSubstitution: true };
  if (!fit(found, type, known)) return { isValid: false, hadSubstitution: true };
  const general = mostGeneral(type, known);
  if (isAbsentFrom(found, parameter, general)) found.set(parameter.name, general);
  return { isValid: true, hadSubstitution: true };
}

/** Whether the parameter stands nowhere within the type, which would make the type endless. */
function isAbsentFrom(found: Substitutions, parameter: CelType, within: CelType): boolean {
  if (isSameType(parameter, within)) return false;
  if (within.kind === 'parameter') {
    const known = found.get(within.name);
    return known === undefined || isAbsentFrom(found, parameter, known);
  }
  return within.parameters.every((part) => isAbsentFrom(found, parameter, part));
}

export const mostGeneral = (one: CelType, other: CelType): CelType => (isAtLeastAsGeneral(one, other) ? one : other);

function isAtLeastAsGeneral(one: CelType, other: CelType): boolean {
  if (isDyn(one) || one.kind === 'parameter') return true;
  if (isDyn(other) || other.kind === 'parameter' || one.kind !== other.kind) return false;
  if (one.kind === 'type') return true;
  if (one.name !== other.name || one.parameters.length !== other.parameters.length) return false;
  return one.parameters.every((part, index) => isAtLeastAsGeneral(part, other.parameters[index] ?? dynType));
}

/** The type with its parameters replaced; those without a substitution become `unbound`, if that is given. */
export function substituted(known: Substitutions, type: CelType, unbound?: CelType): CelType {
  if (type.kind === 'parameter') {
    const found = known.get(type.name);
    return found === undefined ? (unbound ?? type) : substituted(known, found, unbound);
  }
  if (type.parameters.length === 0) return type;
  if (type.kind === 'type') return typeOf(substituted(known, firstParameter(type), unbound));
  return { ...type, parameters: type.parameters.map((part) => substituted(known, part, unbound)) };
}
