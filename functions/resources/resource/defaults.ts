/** Source: pkg/apis/resource/v1/defaults.go. */
import type { DeviceSubRequest, ExactDeviceRequest, ResourceClaimSpec } from '../../kube/generated/types.ts';

export function setClaimDefaults(spec: ResourceClaimSpec | undefined): void {
  for (const { exactly, firstAvailable = [] } of spec?.devices?.requests ?? []) {
    for (const request of [...(exactly === undefined ? [] : [exactly]), ...firstAvailable]) setRequestDefaults(request);
  }
}

function setRequestDefaults(request: ExactDeviceRequest | DeviceSubRequest): void {
  request.allocationMode ||= 'ExactCount';
  if (request.allocationMode === 'ExactCount') request.count ||= 1;
}
