/**
 * What the agent speaks with plug-ins of the node, as data: registration, CSI's node service, device plug-ins.
 * Source: k8s.io/kubelet, pkg/apis/pluginregistration/v1, deviceplugin/v1beta1 and podresources/v1; container-storage-interface, csi.proto.
 */
import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';
import { messagesJson, serviceJson } from './proto-json.ts';

const registration = `
InfoRequest
PluginInfo type=1:string name=2:string endpoint=3:string supportedVersions=4:string[]
RegistrationStatus pluginRegistered=1:bool error=2:string
RegistrationStatusResponse
`;

const csi = `
AccessMode mode=1:int32
BlockVolume
CapacityRange requiredBytes=1:int64 limitBytes=2:int64
MountVolume fsType=1:string mountFlags=2:string[] volumeMountGroup=3:string
NodeExpandVolumeRequest volumeId=1:string volumePath=2:string capacityRange=3:CapacityRange stagingTargetPath=4:string volumeCapability=5:VolumeCapability secrets=6:string{}
NodeExpandVolumeResponse capacityBytes=1:int64
NodeGetCapabilitiesRequest
NodeGetCapabilitiesResponse capabilities=1:NodeServiceCapability[]
NodeGetInfoRequest
NodeGetInfoResponse nodeId=1:string maxVolumesPerNode=2:int64 accessibleTopology=3:Topology
NodePublishVolumeRequest volumeId=1:string publishContext=2:string{} stagingTargetPath=3:string targetPath=4:string volumeCapability=5:VolumeCapability readonly=6:bool secrets=7:string{} volumeContext=8:string{}
NodePublishVolumeResponse
NodeServiceCapability rpc=1:Rpc
NodeStageVolumeRequest volumeId=1:string publishContext=2:string{} stagingTargetPath=3:string volumeCapability=4:VolumeCapability secrets=5:string{} volumeContext=6:string{}
NodeStageVolumeResponse
NodeUnpublishVolumeRequest volumeId=1:string targetPath=2:string
NodeUnpublishVolumeResponse
NodeUnstageVolumeRequest volumeId=1:string stagingTargetPath=2:string
NodeUnstageVolumeResponse
Rpc type=1:int32
Topology segments=1:string{}
VolumeCapability block=1:BlockVolume mount=2:MountVolume accessMode=3:AccessMode
`;

const devices = `
AllocateRequest containerRequests=1:ContainerAllocateRequest[]
AllocateResponse containerResponses=1:ContainerAllocateResponse[]
CDIDevice name=1:string
ContainerAllocateRequest devicesIds=1:string[]
ContainerAllocateResponse envs=1:string{} mounts=2:Mount[] devices=3:DeviceSpec[] annotations=4:string{} cdiDevices=5:CDIDevice[]
ContainerPreferredAllocationRequest availableDeviceIDs=1:string[] mustIncludeDeviceIDs=2:string[] allocationSize=3:int32
ContainerPreferredAllocationResponse deviceIDs=1:string[]
Device ID=1:string health=2:string topology=3:TopologyInfo
DevicePluginOptions preStartRequired=1:bool getPreferredAllocationAvailable=2:bool
DeviceSpec containerPath=1:string hostPath=2:string permissions=3:string
Empty
ListAndWatchResponse devices=1:Device[]
Mount containerPath=1:string hostPath=2:string readOnly=3:bool
NUMANode ID=1:int64
PreStartContainerRequest devicesIds=1:string[]
PreStartContainerResponse
PreferredAllocationRequest containerRequests=1:ContainerPreferredAllocationRequest[]
PreferredAllocationResponse containerResponses=1:ContainerPreferredAllocationResponse[]
RegisterRequest version=1:string endpoint=2:string resourceName=3:string options=4:DevicePluginOptions
TopologyInfo nodes=1:NUMANode[]
`;

const podResources = `
AllocatableResourcesRequest
AllocatableResourcesResponse devices=1:ContainerDevices[]
ContainerDevices resource_name=1:string device_ids=2:string[] topology=3:TopologyInfo
ContainerResources name=1:string devices=2:ContainerDevices[]
GetPodResourcesRequest pod_name=1:string pod_namespace=2:string
GetPodResourcesResponse pod_resources=1:PodResources
ListPodResourcesRequest
ListPodResourcesResponse pod_resources=1:PodResources[]
NUMANode ID=1:int64
PodResources name=1:string namespace=2:string containers=3:ContainerResources[]
TopologyInfo nodes=1:NUMANode[]
`;

const csiNodeMethods = [
  'NodeStageVolume',
  'NodeUnstageVolume',
  'NodePublishVolume',
  'NodeUnpublishVolume',
  'NodeExpandVolume',
  'NodeGetCapabilities',
  'NodeGetInfo',
];

const methodJson = (requestType: string, responseType: string, responseStream = false) => ({ requestType, responseType, responseStream });

const definitions = fromJSON(
  {
    options: { syntax: 'proto3' },
    nested: {
      pluginregistration: {
        nested: {
          ...messagesJson(registration),
          Registration: {
            methods: {
              GetInfo: methodJson('InfoRequest', 'PluginInfo'),
              NotifyRegistrationStatus: methodJson('RegistrationStatus', 'RegistrationStatusResponse'),
            },
          },
        },
      },
      v1beta1: {
        nested: {
          ...messagesJson(devices),
          Registration: { methods: { Register: methodJson('RegisterRequest', 'Empty') } },
          DevicePlugin: {
            methods: {
              GetDevicePluginOptions: methodJson('Empty', 'DevicePluginOptions'),
              ListAndWatch: methodJson('Empty', 'ListAndWatchResponse', true),
              GetPreferredAllocation: methodJson('PreferredAllocationRequest', 'PreferredAllocationResponse'),
              Allocate: methodJson('AllocateRequest', 'AllocateResponse'),
              PreStartContainer: methodJson('PreStartContainerRequest', 'PreStartContainerResponse'),
            },
          },
        },
      },
      v1: {
        nested: {
          ...messagesJson(podResources),
          PodResourcesLister: {
            methods: {
              List: methodJson('ListPodResourcesRequest', 'ListPodResourcesResponse'),
              GetAllocatableResources: methodJson('AllocatableResourcesRequest', 'AllocatableResourcesResponse'),
              Get: methodJson('GetPodResourcesRequest', 'GetPodResourcesResponse'),
            },
          },
        },
      },
      csi: { nested: { v1: { nested: { ...messagesJson(csi), Node: serviceJson(csiNodeMethods) } } } },
    },
  } as Parameters<typeof fromJSON>[0],
  { keepCase: true, longs: Number, enums: String, defaults: true, arrays: true, objects: true },
);

const service = (name: string): ServiceDefinition => definitions[name] as ServiceDefinition;

export const registrationService = service('pluginregistration.Registration');
export const deviceRegistrationService = service('v1beta1.Registration');
export const devicePluginService = service('v1beta1.DevicePlugin');
export const podResourcesService = service('v1.PodResourcesLister');
export const csiNodeService = service('csi.v1.Node');
