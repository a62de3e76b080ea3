/** An Ingress without a class gets the newest default one. Source: plugin/pkg/admission/network/defaultingressclass/admission.go. */
import type { Ingress } from '../../kube/generated/types.ts';
import { annotationsOf, type KubeObject, nameOf } from '../../kube/object.ts';
import { groupResource, ingressClasses, ingresses } from '../../kube/resource-type.ts';
import { isDefault } from '../../resources/networking/ingressclass/table.ts';
import type { AdmissionPlugin } from '../ports.ts';
import type { PluginKind } from './plugin-kind.ts';
import { isOf } from './refuse.ts';

const classAnnotation = 'kubernetes.io/ingress.class';
const createdAt = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? '';

const newestFirst = (a: KubeObject, b: KubeObject): number => createdAt(b).localeCompare(createdAt(a)) || (nameOf(a) < nameOf(b) ? -1 : 1);

export const defaultIngressClass: PluginKind = {
  name: 'DefaultIngressClass',
  isDefault: true,
  create: ({ store }): AdmissionPlugin => ({
    name: 'DefaultIngressClass',
    handles: (attributes) => attributes.operation === 'CREATE' && isOf(attributes, ingresses),
    async admit({ object }) {
      const ingress = object as Ingress | undefined;
      if (ingress === undefined || ingress.spec?.ingressClassName !== undefined || annotationsOf(ingress)[classAnnotation] !== undefined)
        return;
      const classes = store.view().list(groupResource(ingressClasses));
      const [chosen] = classes
        .map((stored) => stored.object)
        .filter(isDefault)
        .sort(newestFirst);
      if (chosen !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: nameOf(chosen) };
    },
  }),
};
