/** Source: pkg/apis/resource/v1/defaults.go, SetDefaults_DeviceTaint. */
import type { DeviceTaint } from '../../kube/generated/types.ts';
import { timestamp } from '../../kube/time.ts';
import type { WriteContext } from '../definition.ts';

export function setTimeAdded(taint: DeviceTaint | undefined, { nowMs }: Pick<WriteContext, 'nowMs'>): void {
  if (taint !== undefined) taint.timeAdded ||= timestamp(nowMs);
}
