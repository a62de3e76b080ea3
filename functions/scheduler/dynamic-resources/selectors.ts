/** Expressions that select devices. Source: dynamic-resource-allocation, cel/compile.go. */
import { deviceCostMax, deviceDeclared, deviceScope } from '../../cel/device-scope.ts';
import { functionNamed } from '../../cel/library/functions.ts';
import { compileProgram, isRefused, type Program, type Refused } from '../../cel/program.ts';
import { EntryMap } from '../../cel/values/map.ts';
import { type CelMap, type CelObject, type CelValue, Failure } from '../../cel/values/value.ts';
import type { Device, DeviceAttribute } from '../../kube/generated/types.ts';
import type { PooledDevice } from './devices.ts';

const programsMax = 500;
const programs = new Map<string, Program | Refused>();

function programOf(expression: string): Program | Refused {
  const known = programs.get(expression);
  if (known !== undefined) return known;
  if (programs.size >= programsMax) programs.clear();
  const compiled = compileProgram(expression, deviceScope);
  programs.set(expression, compiled);
  return compiled;
}

const made = (name: string, text: string): CelValue => {
  const result = functionNamed(name)?.([text], { nodes: 0 });
  if (result === undefined || result instanceof Failure) throw new Error(`${name} of ${text}`);
  return result;
};

function valueOf(attribute: DeviceAttribute): CelValue | undefined {
  const { bool, int, string, version, bools, ints, strings, versions } = attribute;
  if (int !== undefined) return BigInt(int);
  if (version !== undefined) return made('semver', version);
  const list = ints?.map((one) => BigInt(one)) ?? versions?.map((one) => made('semver', one)) ?? bools ?? strings;
  return bool ?? string ?? list;
}

/** Names without a domain are in the driver's. A domain that there is not is empty. */
class Domains implements CelMap {
  readonly isMap = true;
  private readonly domains = new Map<string, EntryMap>();

  constructor(entries: Iterable<readonly [string, CelValue]>, driver: string) {
    for (const [name, value] of entries) {
      const [domain, id] = qualified(name, driver);
      const map = this.domains.get(domain) ?? new EntryMap();
      map.set(id, value);
      this.domains.set(domain, map);
    }
  }

  get size(): number {
    return this.domains.size;
  }

  get(key: CelValue): CelValue {
    return (typeof key === 'string' ? this.domains.get(key) : undefined) ?? new EntryMap();
  }

  keys(): readonly CelValue[] {
    return [...this.domains.keys()];
  }
}

function qualified(name: string, driver: string): readonly [domain: string, id: string] {
  const slash = name.indexOf('/');
  return slash < 0 ? [driver, name] : [name.slice(0, slash), name.slice(slash + 1)];
}

class DeviceValue implements CelObject {
  readonly isObject = true;
  readonly type = deviceDeclared.type;
  private readonly fields: ReadonlyMap<string, CelValue>;

  constructor({ driver, device }: PooledDevice) {
    const attributes = Object.entries(device.attributes ?? {}).flatMap(([name, attribute]) => {
      const value = valueOf(attribute);
      return value === undefined ? [] : [[name, value] as const];
    });
    const capacity = Object.entries(device.capacity ?? {}).map(([name, { value }]) => [name, made('quantity', value)] as const);
    this.fields = new Map<string, CelValue>([
      ['driver', driver],
      ['attributes', new Domains(attributes, driver)],
      ['capacity', new Domains(capacity, driver)],
      ['allowMultipleAllocations', device.allowMultipleAllocations ?? false],
    ]);
  }

  field(name: string): CelValue | undefined {
    return this.fields.get(name);
  }

  fieldNames(): readonly string[] {
    return [...this.fields.keys()];
  }
}

const values = new WeakMap<Device, DeviceValue>();

function valueOfDevice(pooled: PooledDevice): DeviceValue {
  const known = values.get(pooled.device) ?? new DeviceValue(pooled);
  values.set(pooled.device, known);
  return known;
}

/** Why the expression has neither true nor false as its value. */
export class SelectorError extends Error {}

export function isSelected(expression: string, pooled: PooledDevice): boolean {
  const program = programOf(expression);
  if (isRefused(program)) throw new SelectorError(`CEL compile error: ${program.problem}`);
  const { result } = program.evaluate((name) => (name === 'device' ? valueOfDevice(pooled) : undefined), deviceCostMax);
  if (result instanceof Failure) throw new SelectorError(`CEL runtime error: ${result.message}`);
  return result === true;
}

/** A device's attribute by its full name, as a text that is equal where type and value are. */
export function attributeText({ driver, device }: PooledDevice, name: string): string | undefined {
  const [domain, id] = qualified(name, driver);
  const attribute = device.attributes?.[name] ?? (domain === driver ? device.attributes?.[id] : undefined);
  return attribute === undefined ? undefined : JSON.stringify(attribute);
}
