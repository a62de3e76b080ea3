/** Which CSI driver serves a volume, also where the volume names a plug-in of old. Source: csi-translation-lib, plugins. */

/** Part of a Volume and of a PersistentVolume's spec. */
interface Source {
  readonly csi?: { readonly driver: string };
}

const driversOfOld: Readonly<Record<string, string>> = {
  awsElasticBlockStore: 'ebs.csi.aws.com',
  azureDisk: 'disk.csi.azure.com',
  azureFile: 'file.csi.azure.com',
  cinder: 'cinder.csi.openstack.org',
  gcePersistentDisk: 'pd.csi.storage.gke.io',
  portworxVolume: 'pxd.portworx.com',
  vsphereVolume: 'csi.vsphere.vmware.com',
};

/** Undefined: no driver serves it. */
export function driverOfSource(source: Source): string | undefined {
  if (source.csi !== undefined) return source.csi.driver;
  return Object.entries(driversOfOld).find(([field]) => Object.hasOwn(source, field))?.[1];
}
