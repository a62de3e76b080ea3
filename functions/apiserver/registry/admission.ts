/** Asks the admission plug-ins about one write: those that change it, those that only read it, and their commit rules. */
import { type JsonObject, type KubeObject, nameOf } from '../../kube/object.ts';
import type { View } from '../../kube/view.ts';
import type { GroupVersionKind } from '../../resources/definition.ts';
import type { AdmissionAttributes, AdmissionPlugin, Reinvocation } from '../ports.ts';
import type { ResourceRequest, Server } from '../server.ts';

export interface Asked {
  readonly operation: AdmissionAttributes['operation'];
  readonly name: string;
  readonly dryRun: boolean;
  readonly options: JsonObject;
  /** The object's kind, where it is not the resource's own kind. */
  readonly kind?: GroupVersionKind;
}

export interface Admission {
  /** Awaited before the write is decided. */
  load(): Promise<void>;
  /** Whether a plug-in wants to see the write before the commit point. */
  readonly isAsked: boolean;
  /** Those that decide at the commit point. */
  readonly committing: readonly AdmissionPlugin[];
  /** Answers with the object as the plug-ins left it. */
  mutate(object: KubeObject, oldObject: KubeObject | undefined): Promise<KubeObject>;
  /** Both phases, where there is nothing to change: of deletions, and of connections, whose object are their options. */
  review(oldObject: KubeObject | undefined, change?: { readonly object?: KubeObject; readonly options?: JsonObject }): Promise<void>;
  validate(object: KubeObject, oldObject: KubeObject | undefined): Promise<void>;
  /** Resources that `isCurrent` lists. */
  readonly lists: readonly string[];
  /** Whether the plug-ins go by the same in this view as when they were asked. */
  isCurrent(view: View): boolean;
}

/** A write that was admitted on grounds that are gone is admitted again, so often at most. */
export const admissionAttemptsMax = 100;

export async function admissionOf(server: Server, request: ResourceRequest, asked: Asked): Promise<Admission> {
  const all = await server.admission();
  const attributes = (object: KubeObject | undefined, oldObject: KubeObject | undefined): AdmissionAttributes =>
    attributesOf(request, asked, { object, oldObject });
  const plugins = all.filter((plugin) => plugin.handles(attributes(undefined, undefined)));
  const isAsked = plugins.some(({ admit, validate }) => admit !== undefined || validate !== undefined);
  const grounds = all.flatMap((plugin) => plugin.grounds ?? []);
  const groundsIn = (view: View): string => grounds.map((one) => one.of(view)).join('/');
  const known = groundsIn(server.store.view());
  return {
    async load() {
      for (const plugin of plugins) await plugin.load?.();
    },
    isAsked,
    committing: plugins.filter(({ commit }) => commit !== undefined),
    lists: grounds.flatMap(({ lists }) => lists),
    isCurrent: (view) => groundsIn(view) === known,
    async mutate(object, oldObject) {
      const shown = attributes(object, oldObject);
      await admit(plugins, shown);
      return shown.object ?? object;
    },
    async review(oldObject, { object, options = asked.options } = {}) {
      const shown = attributesOf(request, { ...asked, options }, { object, oldObject });
      await admit(plugins, shown);
      for (const plugin of plugins) await plugin.validate?.(shown);
    },
    async validate(object, oldObject) {
      // A generated name is known by now.
      const name = asked.name === '' ? nameOf(object) : asked.name;
      const shown = attributesOf(request, { ...asked, name }, { object, oldObject });
      for (const plugin of plugins) await plugin.validate?.(shown);
    },
  };
}

/** Runs the plug-ins a second time when one asks for it. Source: apiserver, pkg/admission/reinvocation.go */
async function admit(plugins: readonly AdmissionPlugin[], shown: AdmissionAttributes & { reinvocation: Reinvocation }): Promise<void> {
  for (const plugin of plugins) await plugin.admit?.(shown);
  if (!shown.reinvocation.isNeeded) return;
  shown.reinvocation = { ...shown.reinvocation, isSecond: true };
  for (const plugin of plugins) await plugin.admit?.(shown);
}

function attributesOf(
  { definition, served, info, user, warnings, annotations }: ResourceRequest,
  { operation, name, dryRun, options, kind }: Asked,
  objects: Pick<AdmissionAttributes, 'object' | 'oldObject'>,
): AdmissionAttributes & { reinvocation: Reinvocation } {
  const { type } = definition;
  return {
    operation,
    type,
    subresource: info.subresource,
    kind: kind ?? type,
    served,
    namespace: type.namespaced ? info.namespace : '',
    name,
    ...objects,
    user,
    dryRun,
    options,
    definition,
    reinvocation: { isSecond: false, isNeeded: false, notes: new Map() },
    warn: (text) => void warnings.add(text),
    annotate: (key, value) => void annotations.set(key, value),
  };
}
