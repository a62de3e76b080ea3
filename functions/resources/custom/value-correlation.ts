/**
 * What a value was before, followed down through an object: what did not change is not refused for what it broke already.
 * Source: apiserver, pkg/cel/common/equality.go.
 */
import { deepEqual } from '../../kube/equality.ts';
import { type Json, isJsonObject } from '../../kube/object.ts';
import type { SchemaNode } from '../../kube/schema.ts';

export class Correlation {
  readonly value: Json;
  readonly old: Json | undefined;
  readonly node: SchemaNode;
  private known: boolean | undefined;

  constructor(node: SchemaNode, value: Json, old: Json | undefined) {
    this.node = node;
    this.value = value;
    this.old = old;
  }

  /** Undefined where the field is new, or where the schema does not know it. */
  field(name: string): Correlation | undefined {
    const { value, old, node } = this;
    if (!isJsonObject(value) || !isJsonObject(old) || !Object.hasOwn(value, name) || !Object.hasOwn(old, name)) return undefined;
    const { properties, additionalProperties } = node;
    const values = typeof additionalProperties === 'object' ? additionalProperties : undefined;
    const child = properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : values;
    return child === undefined ? undefined : new Correlation(child, value[name] ?? null, old[name]);
  }

  /** Items of a list that is a map follow those with their keys; others follow none. */
  item(index: number): Correlation | undefined {
    const { value, old, node } = this;
    if (!Array.isArray(value) || !Array.isArray(old) || node.items === undefined || node['x-kubernetes-list-type'] !== 'map') {
      return undefined;
    }
    const item = value[index];
    const keys = node['x-kubernetes-list-map-keys'] ?? [];
    const before = isJsonObject(item)
      ? old.find((other) => isJsonObject(other) && keys.every((key) => deepEqual(other[key], item[key])))
      : undefined;
    return item === undefined || before === undefined ? undefined : new Correlation(node.items, item, before);
  }

  isSame(): boolean {
    this.known ??= this.compared();
    return this.known;
  }

  private compared(): boolean {
    const { value, old, node } = this;
    if (value === null || old === null || old === undefined) return value === null && old === null;
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false;
      if (node['x-kubernetes-list-type'] !== 'map') return deepEqual(value, old);
      return value.every((_item, index) => this.item(index)?.isSame() ?? false);
    }
    if (isJsonObject(value) && isJsonObject(old)) {
      const names = Object.keys(value);
      return names.length === Object.keys(old).length && names.every((name) => this.field(name)?.isSame() ?? false);
    }
    return deepEqual(value, old);
  }
}
