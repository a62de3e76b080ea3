/**
 * The part of CRI v1 (and of containerd's event service) that the agent speaks, as data: one line a message,
 * `field=number:type`, `[]` repeated, `{}` a map of strings. Kept as text in the program so that one bundled file is all
 * a node needs.
 */
import { enumJson, messagesJson, serviceJson } from '../../plugins/proto-json.ts';

const enums: Readonly<Record<string, readonly string[]>> = {
  CgroupDriver: ['SYSTEMD', 'CGROUPFS'],
  ContainerState: ['CONTAINER_CREATED', 'CONTAINER_RUNNING', 'CONTAINER_EXITED', 'CONTAINER_UNKNOWN'],
  MountPropagation: ['PROPAGATION_PRIVATE', 'PROPAGATION_HOST_TO_CONTAINER', 'PROPAGATION_BIDIRECTIONAL'],
  NamespaceMode: ['POD', 'CONTAINER', 'NODE', 'TARGET'],
  PodSandboxState: ['SANDBOX_READY', 'SANDBOX_NOTREADY'],
  ProfileType: ['RuntimeDefault', 'Unconfined', 'Localhost'],
  SupplementalGroupsPolicy: ['Merge', 'Strict'],
  Protocol: ['TCP', 'UDP', 'SCTP'],
};

const messages = `
AttachRequest containerId=1:string stdin=2:bool tty=3:bool stdout=4:bool stderr=5:bool
AttachResponse url=1:string
AuthConfig username=1:string password=2:string
Capability addCapabilities=1:string[] dropCapabilities=2:string[]
CDIDevice name=1:string
Container id=1:string podSandboxId=2:string metadata=3:ContainerMetadata image=4:ImageSpec imageRef=5:string state=6:ContainerState createdAt=7:int64 labels=8:string{} annotations=9:string{}
ContainerConfig metadata=1:ContainerMetadata image=2:ImageSpec command=3:string[] args=4:string[] workingDir=5:string envs=6:KeyValue[] mounts=7:Mount[] devices=8:Device[] labels=9:string{} annotations=10:string{} logPath=11:string stdin=12:bool stdinOnce=13:bool tty=14:bool linux=15:LinuxContainerConfig CDIDevices=17:CDIDevice[]
ContainerFilter id=1:string labelSelector=4:string{}
ContainerMetadata name=1:string attempt=2:uint32
ContainerStatus id=1:string metadata=2:ContainerMetadata state=3:ContainerState createdAt=4:int64 startedAt=5:int64 finishedAt=6:int64 exitCode=7:int32 image=8:ImageSpec imageRef=9:string reason=10:string message=11:string labels=12:string{} annotations=13:string{} logPath=15:string
ContainerAttributes id=1:string
ContainerStats attributes=1:ContainerAttributes writableLayer=4:FilesystemUsage
ContainerStatusRequest containerId=1:string
ContainerStatusResponse status=1:ContainerStatus
CreateContainerRequest podSandboxId=1:string config=2:ContainerConfig sandboxConfig=3:PodSandboxConfig
CreateContainerResponse containerId=1:string
DNSConfig servers=1:string[] searches=2:string[] options=3:string[]
Device containerPath=1:string hostPath=2:string permissions=3:string
ExecRequest containerId=1:string cmd=2:string[] tty=3:bool stdin=4:bool stdout=5:bool stderr=6:bool
ExecResponse url=1:string
ExecSyncRequest containerId=1:string cmd=2:string[] timeout=3:int64
ExecSyncResponse stdout=1:bytes stderr=2:bytes exitCode=3:int32
FilesystemIdentifier mountpoint=1:string
FilesystemUsage timestamp=1:int64 fsId=2:FilesystemIdentifier usedBytes=3:UInt64Value inodesUsed=4:UInt64Value
Image id=1:string repoTags=2:string[] repoDigests=3:string[] size=4:uint64 uid=5:Int64Value username=6:string
ImageFsInfoRequest
ImageFsInfoResponse imageFilesystems=1:FilesystemUsage[]
ImageSpec image=1:string
ImageStatusRequest image=1:ImageSpec
ImageStatusResponse image=1:Image
Int64Value value=1:int64
KeyValue key=1:string value=2:bytes
LinuxContainerConfig resources=1:LinuxContainerResources securityContext=2:LinuxContainerSecurityContext
LinuxContainerResources cpuPeriod=1:int64 cpuQuota=2:int64 cpuShares=3:int64 memoryLimitInBytes=4:int64 oomScoreAdj=5:int64
LinuxContainerSecurityContext capabilities=1:Capability privileged=2:bool namespaceOptions=3:NamespaceOption selinuxOptions=4:SELinuxOption runAsUser=5:Int64Value runAsGroup=12:Int64Value readonlyRootfs=7:bool supplementalGroups=8:int64[] apparmorProfile=9:string noNewPrivs=11:bool maskedPaths=13:string[] readonlyPaths=14:string[] seccomp=15:SecurityProfile apparmor=16:SecurityProfile supplementalGroupsPolicy=17:SupplementalGroupsPolicy
LinuxPodSandboxConfig cgroupParent=1:string securityContext=2:LinuxSandboxSecurityContext sysctls=3:string{}
LinuxSandboxSecurityContext namespaceOptions=1:NamespaceOption selinuxOptions=2:SELinuxOption runAsUser=3:Int64Value runAsGroup=8:Int64Value supplementalGroups=5:int64[] privileged=6:bool seccomp=9:SecurityProfile supplementalGroupsPolicy=11:SupplementalGroupsPolicy
LinuxRuntimeConfiguration cgroupDriver=1:CgroupDriver
ListContainerStatsRequest
ListContainerStatsResponse stats=1:ContainerStats[]
ListContainersRequest filter=1:ContainerFilter
ListContainersResponse containers=1:Container[]
ListImagesRequest
ListImagesResponse images=1:Image[]
ListPodSandboxRequest filter=1:PodSandboxFilter
ListPodSandboxResponse items=1:PodSandbox[]
Mount containerPath=1:string hostPath=2:string readonly=3:bool propagation=5:MountPropagation recursiveReadOnly=8:bool
NamespaceOption network=1:NamespaceMode pid=2:NamespaceMode ipc=3:NamespaceMode targetId=4:string
PodIP ip=1:string
PodSandbox id=1:string metadata=2:PodSandboxMetadata state=3:PodSandboxState createdAt=4:int64 labels=5:string{} annotations=6:string{}
PodSandboxConfig metadata=1:PodSandboxMetadata hostname=2:string logDirectory=3:string dnsConfig=4:DNSConfig portMappings=5:PortMapping[] labels=6:string{} annotations=7:string{} linux=8:LinuxPodSandboxConfig
PodSandboxFilter id=1:string labelSelector=3:string{}
PodSandboxMetadata name=1:string uid=2:string namespace=3:string attempt=4:uint32
PodSandboxNetworkStatus ip=1:string additionalIps=2:PodIP[]
PodSandboxStatus id=1:string metadata=2:PodSandboxMetadata state=3:PodSandboxState createdAt=4:int64 network=5:PodSandboxNetworkStatus labels=7:string{} annotations=8:string{}
PodSandboxStatusRequest podSandboxId=1:string
PodSandboxStatusResponse status=1:PodSandboxStatus
PortForwardRequest podSandboxId=1:string port=2:int32[]
PortForwardResponse url=1:string
PortMapping protocol=1:Protocol containerPort=2:int32 hostPort=3:int32 hostIp=4:string
PullImageRequest image=1:ImageSpec auth=2:AuthConfig sandboxConfig=3:PodSandboxConfig
PullImageResponse imageRef=1:string
RemoveContainerRequest containerId=1:string
RemoveContainerResponse
RemovePodSandboxRequest podSandboxId=1:string
RemovePodSandboxResponse
RemoveImageRequest image=1:ImageSpec
RemoveImageResponse
ReopenContainerLogRequest containerId=1:string
ReopenContainerLogResponse
RunPodSandboxRequest config=1:PodSandboxConfig runtimeHandler=2:string
RunPodSandboxResponse podSandboxId=1:string
RuntimeFeatures supplementalGroupsPolicy=1:bool
RuntimeHandler name=1:string features=2:RuntimeHandlerFeatures
RuntimeHandlerFeatures recursiveReadOnlyMounts=1:bool userNamespaces=2:bool
RuntimeCondition type=1:string status=2:bool reason=3:string message=4:string
RuntimeConfigRequest
RuntimeConfigResponse linux=1:LinuxRuntimeConfiguration
RuntimeStatus conditions=1:RuntimeCondition[]
SELinuxOption user=1:string role=2:string type=3:string level=4:string
SecurityProfile profileType=1:ProfileType localhostRef=2:string
StartContainerRequest containerId=1:string
StartContainerResponse
StatusRequest verbose=1:bool
StatusResponse status=1:RuntimeStatus info=2:string{} runtimeHandlers=3:RuntimeHandler[] features=4:RuntimeFeatures
StopContainerRequest containerId=1:string timeout=2:int64
StopContainerResponse
StopPodSandboxRequest podSandboxId=1:string
StopPodSandboxResponse
UInt64Value value=1:uint64
UpdateContainerResourcesRequest containerId=1:string linux=2:LinuxContainerResources
UpdateContainerResourcesResponse
VersionRequest version=1:string
VersionResponse version=1:string runtimeName=2:string runtimeVersion=3:string runtimeApiVersion=4:string
`;

const runtimeMethods = [
  'Version',
  'Status',
  'RuntimeConfig',
  'RunPodSandbox',
  'StopPodSandbox',
  'RemovePodSandbox',
  'PodSandboxStatus',
  'ListPodSandbox',
  'CreateContainer',
  'StartContainer',
  'StopContainer',
  'RemoveContainer',
  'UpdateContainerResources',
  'ListContainers',
  'ListContainerStats',
  'ContainerStatus',
  'ReopenContainerLog',
  'ExecSync',
  'Exec',
  'Attach',
  'PortForward',
];
const imageMethods = ['ListImages', 'ImageStatus', 'PullImage', 'RemoveImage', 'ImageFsInfo'];

/** What `@grpc/proto-loader` takes: protobufjs' description of a package. */
export const criPackage = {
  options: { syntax: 'proto3' },
  nested: {
    runtime: {
      nested: {
        v1: {
          nested: {
            ...Object.fromEntries(Object.entries(enums).map(([name, values]) => [name, enumJson(values)])),
            ...messagesJson(messages),
            RuntimeService: serviceJson(runtimeMethods),
            ImageService: serviceJson(imageMethods),
          },
        },
      },
    },
    containerd: {
      nested: {
        SubscribeRequest: { fields: { filters: { id: 1, type: 'string', rule: 'repeated' as const } } },
        /** Only the topic is read; which container it was does not matter to a caller that lists anyway. */
        Envelope: { fields: { namespace: { id: 2, type: 'string' }, topic: { id: 3, type: 'string' } } },
        services: {
          nested: {
            events: {
              nested: {
                v1: {
                  nested: {
                    Events: {
                      methods: {
                        Subscribe: {
                          requestType: 'containerd.SubscribeRequest',
                          responseType: 'containerd.Envelope',
                          responseStream: true,
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};
