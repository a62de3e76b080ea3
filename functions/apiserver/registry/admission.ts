/** Asks the admission plug-ins about one write: those that change it, those that only read it, and their commit rules. */
import type { JsonObject, KubeObject } from '../../kube/object.ts';
import type { GroupVersionKind } from '../../resources/definition.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import type { ResourceRequest, Server } from '../server.ts';

export interface Asked {
  readonly operation: AdmissionAttributes['operation'];
  readonly name: string;
  readonly dryRun: boolean;
  readonly options: JsonObject;
  /** Of the object, where it is not the kind itself. */
  readonly kind?: GroupVersionKind;
}

export interface Admission {
  /** Whether a plug-in wants to see the write before the commit point. */
  readonly isAsked: boolean;
  /** Those that decide at the commit point. */
  readonly committing: readonly AdmissionPlugin[];
  /** Answers with the object as the plug-ins left it. */
  mutate(object: KubeObject, oldObject: KubeObject | undefined): Promise<KubeObject>;
  /** Both phases, where there is nothing to change: of deletions and connections. */
  review(oldObject: KubeObject | undefined): Promise<void>;
  validate(object: KubeObject, oldObject: KubeObject | undefined): Promise<void>;
}

export function admissionOf(server: Server, request: ResourceRequest, asked: Asked): Admission {
  const attributes = (object: KubeObject | undefined, oldObject: KubeObject | undefined): AdmissionAttributes =>
    attributesOf(request, asked, { object, oldObject });
  const plugins = server.admission.filter((plugin) => plugin.handles(attributes(undefined, undefined)));
  const isAsked = plugins.some(({ admit, validate }) => admit !== undefined || validate !== undefined);
  return {
    isAsked,
    committing: plugins.filter(({ commit }) => commit !== undefined),
    async mutate(object, oldObject) {
      const shown = attributes(object, oldObject);
      for (const plugin of plugins) await plugin.admit?.(shown);
      return shown.object ?? object;
    },
    async review(oldObject) {
      const shown = attributes(undefined, oldObject);
      for (const plugin of plugins) await plugin.admit?.(shown);
      for (const plugin of plugins) await plugin.validate?.(shown);
    },
    async validate(object, oldObject) {
      const shown = attributes(object, oldObject);
      for (const plugin of plugins) await plugin.validate?.(shown);
    },
  };
}

function attributesOf(
  { definition, served, info, user, warnings }: ResourceRequest,
  { operation, name, dryRun, options, kind }: Asked,
  objects: Pick<AdmissionAttributes, 'object' | 'oldObject'>,
): AdmissionAttributes {
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
    warn: (text) => void warnings.add(text),
  };
}
