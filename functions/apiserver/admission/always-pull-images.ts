/**
 * Images are pulled before each start, so that only those with the credentials for an image run it.
 * Source: plugin/pkg/admission/alwayspullimages/admission.go.
 */
import { type FieldError, notSupported } from '../../kube/field-error.ts';
import type { Pod, PodSpec } from '../../kube/generated/types.ts';
import { pods } from '../../kube/resource-type.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../ports.ts';
import { isOf, refuse } from './refuse.ts';

const always = 'Always';

interface Pulling {
  readonly path: string;
  readonly holder: { image?: string; imagePullPolicy?: string };
}

const containersOf = (spec: PodSpec | undefined): Pulling[] =>
  (['initContainers', 'containers', 'ephemeralContainers'] as const).flatMap((list) =>
    (spec?.[list] ?? []).map((holder, index) => ({ path: `spec.${list}[${index}]`, holder })),
  );

/** An update that brings no image that was not there before. */
function bringsNoImage({ operation, object, oldObject }: AdmissionAttributes): boolean {
  if (operation !== 'UPDATE') return false;
  const images = (pod: unknown): (string | undefined)[] => containersOf((pod as Pod | undefined)?.spec).map(({ holder }) => holder.image);
  const before = new Set(images(oldObject));
  return images(object).every((image) => before.has(image));
}

function policyErrors(spec: PodSpec): FieldError[] {
  const containers = containersOf(spec)
    .filter(({ holder }) => holder.imagePullPolicy !== always)
    .map(({ path, holder }) => notSupported(`${path}.imagePullPolicy`, holder.imagePullPolicy ?? '', [always]));
  const volumes = (spec.volumes ?? []).flatMap(({ image }, index) =>
    image === undefined || image.pullPolicy === always
      ? []
      : [notSupported(`spec.volumes[${index}].image.pullPolicy`, image.pullPolicy ?? '', [always])],
  );
  return [...containers, ...volumes];
}

export const alwaysPullImages: AdmissionPlugin = {
  name: 'AlwaysPullImages',
  handles: (attributes) => (attributes.operation === 'CREATE' || attributes.operation === 'UPDATE') && isOf(attributes, pods),
  async admit(attributes) {
    const pod = attributes.object as Pod | undefined;
    if (pod === undefined || bringsNoImage(attributes)) return;
    for (const { holder } of containersOf(pod.spec)) holder.imagePullPolicy = always;
    for (const { image } of pod.spec.volumes ?? []) if (image !== undefined) image.pullPolicy = always;
  },
  async validate(attributes) {
    const pod = attributes.object as Pod | undefined;
    if (pod === undefined || bringsNoImage(attributes)) return;
    const [first] = policyErrors(pod.spec);
    if (first !== undefined) throw refuse(attributes, `${first.field}: ${first.message}`);
  },
};
