// Prints what the OpenAPI schema does not say about the structs of the Kubernetes API: see README.md beside this file.
package main

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
)

// facts of one struct, by the names that its fields have in JSON. What is empty is left out.
type facts struct {
	// Scalars behind a pointer: their zero is a value, not an absence.
	Pointers []string `json:"pointers,omitempty"`
	// Fields that are written even when they hold the zero of their type: as that zero, or as null. (Of structs that
	// are written as {}, the schema says so.)
	Kept  []string `json:"kept,omitempty"`
	Nulls []string `json:"nulls,omitempty"`
	// Names of types that the schema shows as a plain scalar, list or map.
	Types map[string]string `json:"types,omitempty"`
	// Fields of structs that Go embeds, by the name of that struct.
	Embedded map[string][]string `json:"embedded,omitempty"`
}

type modelNamer interface{ OpenAPIModelName() string }

var found = map[string]facts{}
var seen = map[reflect.Type]bool{}

func modelName(t reflect.Type) string {
	if named, ok := reflect.New(t).Elem().Interface().(modelNamer); ok {
		return named.OpenAPIModelName()
	}
	path := strings.Replace(t.PkgPath(), "k8s.io/", "io.k8s.", 1)
	return strings.ReplaceAll(path, "/", ".") + "." + t.Name()
}

func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

func target(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// Whether the name of the type cannot be read from the schema.
func hasOwnName(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Interface:
		return false
	case reflect.Map:
		return t.Name() != "" || hasOwnName(t.Key()) || hasOwnName(t.Elem())
	case reflect.Slice, reflect.Pointer:
		return t.Name() != "" || hasOwnName(t.Elem())
	default:
		return t.PkgPath() != ""
	}
}

func isScalar(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Interface, reflect.Slice, reflect.Map:
		return false
	default:
		return true
	}
}

// Whether Go leaves the field out when it holds the zero of its type.
func omits(t reflect.Type, options string) bool {
	words := strings.Split(options, ",")
	return slices.Contains(words, "omitzero") || t.Kind() != reflect.Struct && slices.Contains(words, "omitempty")
}

func zeroText(t reflect.Type) string {
	text, err := json.Marshal(reflect.New(t).Elem().Interface())
	if err != nil {
		panic(err)
	}
	return string(text)
}

func readFields(t reflect.Type, embeddedIn []string, into *facts) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			if field.Name == "TypeMeta" {
				continue
			}
			readFields(target(field.Type), append(append([]string{}, embeddedIn...), field.Name), into)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		if len(embeddedIn) > 0 {
			path := strings.Join(embeddedIn, ".")
			into.Embedded[path] = append(into.Embedded[path], name)
		}
		bare := target(field.Type)
		switch {
		case omits(field.Type, options):
			if field.Type.Kind() == reflect.Pointer && isScalar(bare) {
				into.Pointers = append(into.Pointers, name)
			}
		case zeroText(field.Type) == "null":
			into.Nulls = append(into.Nulls, name)
		case !isPlainStruct(field.Type):
			into.Kept = append(into.Kept, name)
		}
		if hasOwnName(bare) {
			into.Types[name] = bare.String()
		}
		visit(element(field.Type))
	}
}

// Types that read their own JSON have a form of their own.
func isPlainStruct(t reflect.Type) bool {
	_, readsItself := reflect.New(t).Interface().(json.Unmarshaler)
	return t.Kind() == reflect.Struct && !readsItself
}

func visit(t reflect.Type) {
	if !isPlainStruct(t) || seen[t] || !strings.HasPrefix(t.PkgPath(), "k8s.io/") {
		return
	}
	seen[t] = true
	own := facts{Types: map[string]string{}, Embedded: map[string][]string{}}
	readFields(t, nil, &own)
	if len(own.Pointers)+len(own.Kept)+len(own.Nulls)+len(own.Types)+len(own.Embedded) > 0 {
		found[modelName(t)] = own
	}
}

func main() {
	all := []*runtime.Scheme{scheme.Scheme, runtime.NewScheme()}
	for _, add := range []func(*runtime.Scheme) error{apiextensions.AddToScheme, apiregistration.AddToScheme} {
		if err := add(all[1]); err != nil {
			panic(err)
		}
	}
	for _, one := range all {
		for _, t := range one.AllKnownTypes() {
			visit(t)
		}
	}
	for _, other := range []any{meta.Table{}, meta.PartialObjectMetadata{}, meta.APIGroupList{}, meta.APIVersions{}, meta.APIResourceList{}} {
		visit(reflect.TypeOf(other))
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		panic(err)
	}
}
