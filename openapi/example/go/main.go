// Deploys an app and waits until it is available, by a client that openapi-generator made of `hibernetes openapi --format v2`.
//
//	hibernetes kubeconfig -o json > kubeconfig.json && go run . kubeconfig.json
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	kubernetes "example.com/kubernetes"
)

type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server    string `json:"server"`
			Authority []byte `json:"certificate-authority-data"`
		} `json:"cluster"`
	} `json:"clusters"`
	Users []struct {
		User struct {
			Certificate []byte `json:"client-certificate-data"`
			Key         []byte `json:"client-key-data"`
		} `json:"user"`
	} `json:"users"`
}

func clientOf(file string) *kubernetes.APIClient {
	text, err := os.ReadFile(file)
	check(err)
	var config kubeconfig
	check(json.Unmarshal(text, &config))
	cluster, user := config.Clusters[0].Cluster, config.Users[0].User
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(cluster.Authority)
	pair, err := tls.X509KeyPair(user.Certificate, user.Key)
	check(err)
	configuration := kubernetes.NewConfiguration()
	configuration.Servers = kubernetes.ServerConfigurations{{URL: cluster.Server}}
	trust := &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}
	configuration.HTTPClient = &http.Client{Transport: &http.Transport{TLSClientConfig: trust}}
	return kubernetes.NewAPIClient(configuration)
}

const text = `{
  "metadata": {"name": "golang"},
  "spec": {
    "replicas": 2,
    "selector": {"matchLabels": {"app": "golang"}},
    "template": {
      "metadata": {"labels": {"app": "golang"}},
      "spec": {"containers": [{"name": "web", "image": "nginx/nginx:v1"}]}
    }
  }
}`

func main() {
	client, ctx := clientOf(os.Args[1]), context.Background()
	nodes, _, err := client.CoreV1API.ListCoreV1Node(ctx).Execute()
	check(err)
	fmt.Print("nodes:")
	for _, node := range nodes.Items {
		fmt.Print(" ", *node.Metadata.Name)
	}
	var deployment kubernetes.IoK8sApiAppsV1Deployment
	check(json.Unmarshal([]byte(text), &deployment))
	apps := client.AppsV1API
	_, _, err = apps.CreateAppsV1NamespacedDeployment(ctx, "default").Body(deployment).Execute()
	check(err)
	for {
		found, _, err := apps.ReadAppsV1NamespacedDeployment(ctx, "default", "golang").Execute()
		check(err)
		if available := found.Status.GetAvailableReplicas(); available == 2 {
			fmt.Printf("\navailable: %d\n", available)
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	_, _, err = apps.DeleteAppsV1NamespacedDeployment(ctx, "default", "golang").Execute()
	check(err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
