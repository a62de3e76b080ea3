import type { VolumeAttachment } from '../../../kube/generated/types.ts';
import { volumeAttachments } from '../../../kube/resource-type.ts';
import { builtIn } from '../../../kube/schema.ts';
import { ageColumn, booleanColumn, nameColumn, textColumn } from '../../columns.ts';
import { definition } from '../../definition.ts';

export const volumeAttachmentDefinition = definition<VolumeAttachment>({
  type: volumeAttachments,
  schema: builtIn('io.k8s.api.storage.v1.VolumeAttachment'),
  singular: 'volumeattachment',
  hasStatus: true,
  resetFields: { status: ['metadata', 'spec'] },
  returnsDeletedObject: true,
  allowsUnconditionalUpdate: false,
  columns: [
    nameColumn,
    { ...textColumn<VolumeAttachment>('Attacher', 'The driver that attaches it.', ({ spec }) => spec?.attacher ?? ''), format: 'name' },
    textColumn('PV', 'The volume.', ({ spec }) => spec?.source?.persistentVolumeName ?? ''),
    textColumn('Node', 'Where it is attached.', ({ spec }) => spec?.nodeName ?? ''),
    booleanColumn('Attached', 'Whether it is attached.', ({ status }) => status?.attached ?? false),
    ageColumn,
  ],
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  rules: () => import('./rules.ts'),
});
