package main

import (
	"encoding/json"
	"os"
	"reflect"
	"strings"

	"k8s.io/kubernetes/pkg/apis/admissionregistration"
	"k8s.io/kubernetes/pkg/apis/apps"
	"k8s.io/kubernetes/pkg/apis/autoscaling"
	"k8s.io/kubernetes/pkg/apis/batch"
	"k8s.io/kubernetes/pkg/apis/certificates"
	"k8s.io/kubernetes/pkg/apis/coordination"
	"k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/apis/discovery"
	"k8s.io/kubernetes/pkg/apis/flowcontrol"
	"k8s.io/kubernetes/pkg/apis/networking"
	"k8s.io/kubernetes/pkg/apis/node"
	"k8s.io/kubernetes/pkg/apis/policy"
	"k8s.io/kubernetes/pkg/apis/rbac"
	"k8s.io/kubernetes/pkg/apis/resource"
	"k8s.io/kubernetes/pkg/apis/scheduling"
	"k8s.io/kubernetes/pkg/apis/storage"
	"k8s.io/kubernetes/pkg/apis/storagemigration"
)

var out = map[string][][2]string{}

func short(t reflect.Type) string {
	p := strings.Split(t.PkgPath(), "/")
	return p[len(p)-1] + "." + t.Name()
}

func desc(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + desc(t.Elem())
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "bytes"
		}
		return "[]" + desc(t.Elem())
	case reflect.Map:
		return "{}" + desc(t.Elem())
	case reflect.Struct:
		if !strings.HasPrefix(t.PkgPath(), "k8s.io/kubernetes/pkg/apis/") {
			return "=" + t.Name()
		}
		visit(t)
		return short(t)
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	case reflect.Interface:
		return "=any"
	default:
		return "number"
	}
}

func visit(t reflect.Type) {
	name := short(t)
	if _, ok := out[name]; ok {
		return
	}
	out[name] = nil
	var fields [][2]string
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		n := f.Name
		if tag := f.Tag.Get("json"); tag != "" {
			n = tag
		}
		if f.Anonymous && f.Tag.Get("json") == "" {
			n = ""
		}
		fields = append(fields, [2]string{n, desc(f.Type)})
	}
	out[name] = fields
}

func main() {
	for _, o := range []any{
		core.Pod{}, core.Node{}, core.PersistentVolume{}, core.PersistentVolumeClaim{}, core.Service{}, core.PodTemplate{}, core.ReplicationController{}, core.Event{}, core.ResourceQuota{}, core.LimitRange{}, core.Secret{}, core.ConfigMap{}, core.ServiceAccount{}, core.Namespace{}, core.Endpoints{},
		apps.Deployment{}, apps.StatefulSet{}, apps.DaemonSet{}, apps.ReplicaSet{}, apps.ControllerRevision{},
		batch.Job{}, batch.CronJob{}, autoscaling.HorizontalPodAutoscaler{}, resource.ResourceClaim{}, resource.ResourceClaimTemplate{}, resource.DeviceClass{}, resource.ResourceSlice{}, resource.DeviceTaintRule{},
		storage.CSIDriver{}, storage.CSINode{}, storage.StorageClass{}, storage.VolumeAttachment{}, storage.VolumeAttributesClass{}, storage.CSIStorageCapacity{}, storagemigration.StorageVersionMigration{},
		networking.Ingress{}, networking.IngressClass{}, networking.NetworkPolicy{}, networking.ServiceCIDR{}, networking.IPAddress{}, node.RuntimeClass{}, policy.PodDisruptionBudget{}, rbac.ClusterRole{}, rbac.RoleBinding{}, scheduling.PriorityClass{},
		discovery.EndpointSlice{}, flowcontrol.FlowSchema{}, flowcontrol.PriorityLevelConfiguration{}, coordination.Lease{}, certificates.CertificateSigningRequest{}, certificates.ClusterTrustBundle{}, certificates.PodCertificateRequest{},
		admissionregistration.ValidatingWebhookConfiguration{}, admissionregistration.MutatingWebhookConfiguration{}, admissionregistration.ValidatingAdmissionPolicy{}, admissionregistration.ValidatingAdmissionPolicyBinding{}, admissionregistration.MutatingAdmissionPolicy{}, admissionregistration.MutatingAdmissionPolicyBinding{},
	} {
		visit(reflect.TypeOf(o))
	}
	json.NewEncoder(os.Stdout).Encode(out)
}
