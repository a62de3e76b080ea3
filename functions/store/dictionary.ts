/**
 * What objects have in common, for the compressor: the likeliest texts come last. A dictionary is never changed, only
 * followed by a new one with the next number: bodies name the one they were written with.
 */

const one = [
  '"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["',
  '"type":"ClusterIP","sessionAffinity":"None","clusterIP":"10.96.","clusterIPs":["10.96."],"ipFamilies":["IPv4"],"ipFamilyPolicy":"SingleStack","internalTrafficPolicy":"Cluster"}',
  '"addressType":"IPv4","endpoints":[{"addresses":["10.244."],"conditions":{"ready":true,"serving":true,"terminating":false},"nodeName":"node-","targetRef":{"kind":"Pod","namespace":"',
  '"allocatable":{"cpu":"","ephemeral-storage":"","hugepages-2Mi":"0","memory":"Ki","pods":"110"},"capacity":{"nodeInfo":{"architecture":"amd64","bootID":"","containerRuntimeVersion":"containerd://","kernelVersion":"","kubeProxyVersion":"","kubeletVersion":"v1.","machineID":"","operatingSystem":"linux","osImage":"","systemUUID":"',
  '{"type":"MemoryPressure","status":"False","lastHeartbeatTime":"","lastTransitionTime":"","reason":"KubeletHasSufficientMemory","message":"kubelet has sufficient memory available"},{"type":"DiskPressure"},{"type":"PIDPressure"}',
  '"involvedObject":{"kind":"Pod","namespace":"default","name":"","uid":"","apiVersion":"v1","resourceVersion":""},"reason":"Scheduled","message":"Successfully assigned default/","source":{"component":"default-scheduler"},"firstTimestamp":"","lastTimestamp":"","count":1,"type":"Normal","eventTime":null,"reportingComponent":"","reportingInstance":"',
  '"apiVersion":"rbac.authorization.k8s.io/v1","roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"system:"},"subjects":[{"kind":"ServiceAccount","rules":[{"verbs":["get","list","watch","create","update","patch","delete"],"apiGroups":[""],"resources":["',
  '"apiVersion":"coordination.k8s.io/v1","kind":"Lease","spec":{"holderIdentity":"","leaseDurationSeconds":40,"renewTime":"',
  '"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxUnavailable":"25%","maxSurge":"25%"}},"revisionHistoryLimit":10,"progressDeadlineSeconds":600}',
  '"status":{"observedGeneration":1,"replicas":1,"updatedReplicas":1,"readyReplicas":1,"availableReplicas":1,"fullyLabeledReplicas":1,"conditions":[{"type":"Available","status":"True","lastUpdateTime":"","lastTransitionTime":"","reason":"MinimumReplicasAvailable","message":"Deployment has minimum availability."},{"type":"Progressing","reason":"NewReplicaSetAvailable","message":"ReplicaSet \\"\\" has successfully progressed."}]}',
  '"volumes":[{"name":"kube-api-access-","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}}]',
  '"volumeMounts":[{"name":"kube-api-access-","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}]',
  '"env":[{"name":"","value":""}],"ports":[{"name":"http","containerPort":80,"protocol":"TCP","targetPort":80}],"readinessProbe":{"httpGet":{"path":"/","port":80,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3}',
  '"status":{"phase":"Running","conditions":[{"type":"PodReadyToStartContainers","status":"True","lastProbeTime":null,"lastTransitionTime":"2026-01-01T00:00:00Z"},{"type":"Initialized"},{"type":"Ready"},{"type":"ContainersReady"},{"type":"PodScheduled","status":"True"}],"hostIP":"","hostIPs":[{"ip":""}],"podIP":"10.244.","podIPs":[{"ip":"10.244."}],"startTime":"","containerStatuses":[{"name":"","state":{"running":{"startedAt":""}},"lastState":{},"ready":true,"restartCount":0,"image":"","imageID":"","containerID":"containerd://","started":true}],"qosClass":"BestEffort"}',
  '"managedFields":[{"manager":"kubectl-client-side-apply","operation":"Update","apiVersion":"apps/v1","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/last-applied-configuration":{}},"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\\"name\\":\\"',
  '"spec":{"replicas":1,"selector":{"matchLabels":{"app":""}},"template":{"metadata":{"creationTimestamp":null,"labels":{"app":""}},"spec":{"containers":[{"name":"","image":"","resources":{"limits":{"cpu":"","memory":""},"requests":{"cpu":"100m","memory":"128Mi"}},"terminationMessagePath":"/dev/termination-log","terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always","terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","serviceAccount":"default","nodeName":"","securityContext":{},"schedulerName":"default-scheduler","tolerations":[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}],"priority":0,"enableServiceLinks":true,"preemptionPolicy":"PreemptLowerPriority"}',
  '"finalizers":["kubernetes"],"deletionTimestamp":"","deletionGracePeriodSeconds":30,"annotations":{"deployment.kubernetes.io/revision":"1"},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"","uid":"","controller":true,"blockOwnerDeletion":true}]',
  '{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"","generateName":"","namespace":"default","uid":"","resourceVersion":"","generation":1,"creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"","pod-template-hash":"',
].join('');

const dictionary = Buffer.from(one);

/** The second is the first again: bodies that name it hold the length of their JSON, too. */
export const dictionaries: ReadonlyMap<number, Uint8Array> = new Map([
  [1, dictionary],
  [2, dictionary],
]);

/** The one that new bodies are written with. */
export const currentDictionary = 2;
