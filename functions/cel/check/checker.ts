/** Gives every part of an expression its type, or reports what does not fit. Source: cel-go, checker/checker.go. */
import { selectedField } from '../declared-type.ts';
import type { Call, Expression, Fold, ListLiteral, MapLiteral, ObjectLiteral, Select } from '../syntax/expression.ts';
import type { Issue } from '../syntax/issues.ts';
import { typeOfValue } from '../values/type-of.ts';
import type { Overload } from './declarations.ts';
import { type Environment, typeNamed } from './environment.ts';
import {
  boolType,
  type CelType,
  dynType,
  errorType,
  firstParameter,
  intType,
  isDyn,
  isDynOrError,
  isOptional,
  isSameType,
  listType,
  mapType,
  optionalType,
  signatureText,
  typeOf,
  typeParameter,
  typeText,
  withoutOptional,
} from './type.ts';
import { fits, fitsAll, mostGeneral, substituted, type Substitutions } from './unify.ts';

export interface Checked {
  readonly expression: Expression;
  readonly issues: readonly Issue[];
  /** The type of each expression, by its number. */
  readonly types: ReadonlyMap<number, CelType>;
  readonly overloads: ReadonlyMap<number, readonly string[]>;
  /** Calls and selections that turned out to be a qualified name, with that name. */
  readonly names: ReadonlyMap<number, string>;
  /** Variables that are used, without those of folds. */
  readonly used: ReadonlySet<string>;
}

export function checkExpression(expression: Expression, environment: Environment): Checked {
  const checker = new Checker(environment);
  checker.check(expression);
  return { expression, ...checker.finish() };
}

type Locals = ReadonlyMap<string, CelType>;

class Checker {
  private readonly environment: Environment;
  private readonly issues: Issue[] = [];
  private readonly types = new Map<number, CelType>();
  private readonly overloads = new Map<number, readonly string[]>();
  private readonly names = new Map<number, string>();
  private readonly used = new Set<string>();
  private known: Substitutions = new Map();
  private locals: Locals = new Map();
  private freshCount = 0;

  constructor(environment: Environment) {
    this.environment = environment;
  }

  finish(): Omit<Checked, 'expression'> {
    const types = new Map([...this.types].map(([id, type]) => [id, substituted(this.known, type, dynType)]));
    return { issues: this.issues, types, overloads: this.overloads, names: this.names, used: this.used };
  }

  check(expression: Expression): CelType {
    const type = this.typeOf(expression);
    this.types.set(expression.id, type);
    return type;
  }

  private report(at: number, message: string): CelType {
    this.issues.push({ at, message });
    return errorType;
  }

  private undeclared(at: number, name: string): CelType {
    return this.report(at, `undeclared reference to '${name}' (in container '')`);
  }

  private typeOf(expression: Expression): CelType {
    switch (expression.kind) {
      case 'literal':
        return typeOfValue(expression.value);
      case 'identifier':
        return this.named(expression.name) ?? this.undeclared(expression.at, expression.name);
      case 'select':
        return this.select(expression);
      case 'call':
        return this.call(expression);
      case 'list':
        return this.list(expression);
      case 'map':
        return this.map(expression);
      case 'object':
        return this.object(expression);
      case 'fold':
        return this.fold(expression);
    }
  }

  private named(name: string): CelType | undefined {
    const plain = name.replace(/^\./u, '');
    const local = plain === name ? this.locals.get(name) : undefined;
    if (local !== undefined) return local;
    const variable = this.environment.variables.get(plain);
    if (variable !== undefined) {
      this.used.add(plain);
      return variable;
    }
    const type = typeNamed(plain);
    return type === undefined ? undefined : typeOf(type);
  }

  private select(expression: Select): CelType {
    const qualified = expression.isTest ? undefined : qualifiedName(expression);
    if (qualified !== undefined && !this.locals.has(qualified.split('.')[0] ?? '')) {
      const type = this.named(qualified);
      if (type !== undefined) {
        this.names.set(expression.id, qualified);
        return type;
      }
    }
    const field = this.field(expression, expression.operand, expression.field);
    return expression.isTest ? boolType : field;
  }

  /** The type of a field of the operand; an optional's field is optional. */
  private field({ at }: Expression, operand: Expression, name: string): CelType {
    const type = substituted(this.known, this.check(operand));
    const target = withoutOptional(type);
    const found = this.fieldOf(at, target, name);
    return substituted(this.known, isOptional(type) ? optionalType(found) : found);
  }

  private fieldOf(at: number, target: CelType, name: string): CelType {
    if (target.kind === 'map') return target.parameters[1] ?? dynType;
    if (target.kind === 'struct') return this.structField(at, target, name) ?? this.report(at, `undefined field '${name}'`);
    if (target.kind === 'parameter') this.accept(dynType, target);
    else if (!isDynOrError(target)) this.report(at, `type '${typeText(target)}' does not support field selection`);
    return dynType;
  }

  private structField(at: number, { name }: CelType, field: string): CelType | undefined {
    const object = this.environment.objects.get(name);
    if (object !== undefined) return selectedField(object, field)?.declared.type;
    const declared = this.environment.constructible?.find(name);
    if (declared === undefined && typeNamed(name) === undefined) this.report(at, `unexpected failed resolution of '${name}'`);
    return declared?.fields?.get(field)?.declared.type;
  }

  private accept(from: CelType, to: CelType): boolean {
    const found = fits(this.known, from, to);
    if (found === undefined) return false;
    this.known = found;
    return true;
  }

  private call(expression: Call): CelType {
    if (expression.name === '_?._') return this.optionalField(expression);
    const types = expression.arguments.map((argument) => this.check(argument));
    const { target } = expression;
    if (target === undefined) {
      const overloads = this.environment.declarations.get(expression.name.replace(/^\./u, ''));
      return overloads === undefined ? this.undeclared(expression.at, expression.name) : this.resolve(expression, overloads, types);
    }
    const prefix = qualifiedName(target);
    const qualified = prefix === undefined ? undefined : `${prefix}.${expression.name}`.replace(/^\./u, '');
    const functions = qualified === undefined ? undefined : this.environment.declarations.get(qualified);
    if (qualified !== undefined && functions !== undefined) {
      this.names.set(expression.id, qualified);
      return this.resolve({ ...expression, target: undefined, name: qualified }, functions, types);
    }
    const targetType = this.check(target);
    const overloads = this.environment.declarations.get(expression.name);
    return overloads === undefined
      ? this.undeclared(expression.at, expression.name)
      : this.resolve(expression, overloads, [targetType, ...types]);
  }

  private optionalField(expression: Call): CelType {
    const [operand, field] = expression.arguments;
    if (operand === undefined || field?.kind !== 'literal' || typeof field.value !== 'string') return errorType;
    this.types.set(field.id, typeOfValue(field.value));
    this.overloads.set(expression.id, ['select_optional_field']);
    const type = this.field(expression, operand, field.value);
    return isOptional(type) ? type : optionalType(type);
  }

  private resolve(call: Call, overloads: readonly Overload[], types: readonly CelType[]): CelType {
    const isMember = call.target !== undefined;
    if (call.name === '_&&_' || call.name === '_||_') return this.logical(call, types);
    let result: CelType | undefined;
    const found: string[] = [];
    for (const overload of overloads) {
      if (overload.isMember !== isMember) continue;
      const { parameters, result: declared } = this.instantiated(overload);
      const next = fitsAll(this.known, types, parameters);
      if (next === undefined) continue;
      this.known = next;
      found.push(overload.id);
      const type = substituted(this.known, declared);
      if (result === undefined) result = type;
      else if (!isDyn(result) && !isSameType(type, result)) result = dynType;
    }
    if (result === undefined) {
      const shown = types.map((type) => substituted(this.known, type, dynType));
      return this.report(call.at, `found no matching overload for '${call.name}' applied to '${signatureText(shown, isMember)}'`);
    }
    this.overloads.set(call.id, found);
    return result;
  }

  private logical(call: Call, types: readonly CelType[]): CelType {
    this.overloads.set(call.id, [call.name === '_&&_' ? 'logical_and' : 'logical_or']);
    let result = boolType;
    for (const [index, type] of types.entries()) {
      if (this.accept(type, boolType)) continue;
      result = this.report(call.arguments[index]?.at ?? call.at, `expected type 'bool' but found '${typeText(type)}'`);
    }
    return result;
  }

  /** The overload with type parameters that nothing else uses. */
  private instantiated({ parameters, result, typeParameters }: Overload): Pick<Overload, 'parameters' | 'result'> {
    if (typeParameters.length === 0) return { parameters, result };
    const fresh = new Map(typeParameters.map((name) => [name, this.fresh()]));
    return { parameters: parameters.map((type) => substituted(fresh, type)), result: substituted(fresh, result) };
  }

  private fresh(): CelType {
    this.freshCount += 1;
    return typeParameter(`_var${this.freshCount - 1}`);
  }

  /** Mixed literals are refused afterwards, but for those that are formatted. */
  private join(previous: CelType | undefined, current: CelType): CelType {
    if (previous === undefined) return current;
    return this.accept(previous, current) ? mostGeneral(previous, current) : dynType;
  }

  /** What an entry marked with `?` adds: what its optional holds. */
  private unwrapped(expression: Expression, type: CelType, isMarked: boolean): CelType {
    if (!isMarked) return type;
    if (!isOptional(type) && !isDyn(type)) {
      this.report(expression.at, `expected type '${typeText(optionalType(type))}' but found '${typeText(type)}'`);
    }
    return withoutOptional(type);
  }

  private list({ elements, optional }: ListLiteral): CelType {
    let joined: CelType | undefined;
    for (const [index, element] of elements.entries()) {
      const type = this.unwrapped(element, this.check(element), optional.has(index));
      joined = this.join(joined, type);
    }
    return listType(joined ?? this.fresh());
  }

  private map({ entries }: MapLiteral): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, isOptional: isMarked } of entries) {
      keys = this.join(keys, this.check(key));
      values = this.join(values, this.unwrapped(value, this.check(value), isMarked));
    }
    return mapType(keys ?? this.fresh(), values ?? this.fresh());
  }

  private object(expression: ObjectLiteral): CelType {
    const declared = this.environment.constructible?.find(expression.type);
    if (declared === undefined) return this.undeclared(expression.at, expression.type);
    for (const { at, name, value, isOptional: isMarked } of expression.fields) {
      const given = this.unwrapped(value, this.check(value), isMarked);
      const field = declared.fields?.get(name)?.declared.type;
      if (field === undefined) this.report(at, `undefined field '${name}'`);
      else if (!this.accept(field, given)) {
        this.report(at, `expected type of field '${name}' is '${typeText(field)}' but provided type is '${typeText(given)}'`);
      }
    }
    return declared.type;
  }

  private fold(expression: Fold): CelType {
    const rangeType = substituted(this.known, this.check(expression.range));
    const collected = this.check(expression.initial);
    const outer = this.locals;
    const withResult = new Map(outer).set(expression.accumulator, collected);
    const [first, second] = this.iterated(expression, rangeType);
    const inner = new Map(withResult).set(expression.variable, first);
    this.locals = expression.secondVariable === undefined ? inner : inner.set(expression.secondVariable, second);
    this.assert(expression.condition, boolType);
    this.assert(expression.step, collected);
    this.locals = withResult;
    const result = this.check(expression.result);
    this.locals = outer;
    return substituted(this.known, result);
  }

  private assert(expression: Expression, type: CelType): void {
    const found = this.check(expression);
    if (!this.accept(type, found)) this.report(expression.at, `expected type '${typeText(type)}' but found '${typeText(found)}'`);
  }

  private iterated({ range, secondVariable }: Fold, type: CelType): readonly [CelType, CelType] {
    if (type.kind === 'list') return secondVariable === undefined ? [firstParameter(type), dynType] : [intType, firstParameter(type)];
    if (type.kind === 'map') return [firstParameter(type), type.parameters[1] ?? dynType];
    if (isDynOrError(type) || type.kind === 'parameter') {
      this.accept(dynType, type);
      return [dynType, dynType];
    }
    const why = `expression of type '${typeText(type)}' cannot be range of a comprehension (must be list, map, or dynamic)`;
    this.report(range.at, why);
    return [errorType, errorType];
  }
}

/** `a.b.c`, if the expression is nothing but names. */
function qualifiedName(expression: Expression): string | undefined {
  if (expression.kind === 'identifier') return expression.name;
  if (expression.kind !== 'select' || expression.isTest) return undefined;
  const prefix = qualifiedName(expression.operand);
  return prefix === undefined ? undefined : `${prefix}.${expression.field}`;
}
