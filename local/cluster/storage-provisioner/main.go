// storage-provisioner answers claims of one storage class with folders on this machine. It speaks to the API server
// with nothing but the standard library, so that it builds in seconds.
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const provisioner = "ecommerce-platform/local-folder"

type metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"`
	UID         string            `json:"uid,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

type claim struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		StorageClassName *string         `json:"storageClassName"`
		VolumeName       string          `json:"volumeName"`
		AccessModes      json.RawMessage `json:"accessModes"`
		Resources        struct {
			Requests map[string]string `json:"requests"`
		} `json:"resources"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

type volume struct {
	Metadata metadata `json:"metadata"`
	Spec     struct {
		ReclaimPolicy string `json:"persistentVolumeReclaimPolicy"`
	} `json:"spec"`
	Status struct {
		Phase string `json:"phase"`
	} `json:"status"`
}

type server struct {
	client                       *http.Client
	address, class, node, folder string
}

func main() {
	address := flag.String("server", "", "address of the API server")
	ca := flag.String("ca", "", "certificate authority of the API server")
	cert := flag.String("cert", "", "client certificate")
	key := flag.String("key", "", "client key")
	class := flag.String("class", "standard", "storage class to serve")
	node := flag.String("node", "", "name of the node that has the folders")
	folder := flag.String("folder", "", "where the folders are made")
	flag.Parse()
	roots, err := os.ReadFile(*ca)
	fatal(err)
	pair, err := tls.LoadX509KeyPair(*cert, *key)
	fatal(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	transport := &http.Transport{
		TLSClientConfig:       &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
		ResponseHeaderTimeout: 30 * time.Second,
	}
	fatal(os.MkdirAll(*folder, 0o711))
	s := server{&http.Client{Transport: transport}, *address, *class, *node, *folder}
	go s.watch("/api/v1/persistentvolumes", func(object json.RawMessage) error {
		var v volume
		if err := json.Unmarshal(object, &v); err != nil {
			return err
		}
		return s.reclaim(v)
	})
	s.watch("/api/v1/persistentvolumeclaims", func(object json.RawMessage) error {
		var c claim
		if err := json.Unmarshal(object, &c); err != nil {
			return err
		}
		return s.provide(c)
	})
}

func fatal(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// watch sees every object once when it connects and then each change. Whatever fails is seen again on the next round,
// so nothing needs to be remembered between rounds.
func (s server) watch(path string, handle func(json.RawMessage) error) {
	for {
		err := s.watchOnce(path, handle)
		if err != nil && !errors.Is(err, io.EOF) {
			log.Printf("%s: %v", path, err)
		}
		time.Sleep(time.Second)
	}
}

func (s server) watchOnce(path string, handle func(json.RawMessage) error) error {
	// From version 0 the server answers out of its cache at once. Without a version it first waits until that cache has caught up
	// with etcd, which etcd 3.4 never tells it while no object of this kind changes.
	response, err := s.client.Get(s.address + path + "?watch=1&timeoutSeconds=300&resourceVersion=0")
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", response.Status)
	}
	decoder := json.NewDecoder(response.Body)
	for {
		var event struct {
			Type   string          `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := decoder.Decode(&event); err != nil {
			return err
		}
		if event.Type == "ERROR" {
			return fmt.Errorf("watch ended: %s", event.Object)
		}
		if event.Type == "DELETED" || event.Type == "BOOKMARK" {
			continue
		}
		if err := handle(event.Object); err != nil {
			return err
		}
	}
}

func (s server) provide(c claim) error {
	if c.Status.Phase != "Pending" || c.Spec.VolumeName != "" {
		return nil
	}
	if c.Spec.StorageClassName == nil || *c.Spec.StorageClassName != s.class {
		return nil
	}
	name := "pvc-" + c.Metadata.UID
	path := filepath.Join(s.folder, name)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return err
	}
	// Pods run as users of their own choice; the parent folder is closed to everybody else on this machine.
	if err := os.Chmod(path, 0o777); err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": "v1",
		"kind":       "PersistentVolume",
		"metadata": metadata{
			Name:        name,
			Annotations: map[string]string{"pv.kubernetes.io/provisioned-by": provisioner},
		},
		"spec": map[string]any{
			"accessModes":                   c.Spec.AccessModes,
			"capacity":                      map[string]string{"storage": c.Spec.Resources.Requests["storage"]},
			"persistentVolumeReclaimPolicy": "Delete",
			"storageClassName":              s.class,
			"local":                         map[string]string{"path": path},
			"claimRef": map[string]string{
				"apiVersion": "v1",
				"kind":       "PersistentVolumeClaim",
				"namespace":  c.Metadata.Namespace,
				"name":       c.Metadata.Name,
				"uid":        c.Metadata.UID,
			},
			"nodeAffinity": map[string]any{"required": map[string]any{"nodeSelectorTerms": []any{map[string]any{
				"matchExpressions": []any{map[string]any{
					"key": "kubernetes.io/hostname", "operator": "In", "values": []string{s.node},
				}},
			}}}},
		},
	})
	if err != nil {
		return err
	}
	response, err := s.client.Post(s.address+"/api/v1/persistentvolumes", "application/json", bytes.NewReader(body))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode == http.StatusConflict {
		return nil // made on an earlier round; the claim is bound to it in a moment
	}
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s for %s/%s: %s", response.Status, c.Metadata.Namespace, c.Metadata.Name, text)
	}
	log.Printf("%s/%s -> %s", c.Metadata.Namespace, c.Metadata.Name, path)
	return nil
}

func (s server) reclaim(v volume) error {
	ours := v.Metadata.Annotations["pv.kubernetes.io/provisioned-by"] == provisioner
	if !ours || v.Status.Phase != "Released" || v.Spec.ReclaimPolicy != "Delete" {
		return nil
	}
	// The name decides which folder goes: it must be one this program could have made.
	if !strings.HasPrefix(v.Metadata.Name, "pvc-") || strings.ContainsAny(v.Metadata.Name, "/.") {
		return nil
	}
	if err := os.RemoveAll(filepath.Join(s.folder, v.Metadata.Name)); err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodDelete, s.address+"/api/v1/persistentvolumes/"+v.Metadata.Name, nil)
	if err != nil {
		return err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	if response.StatusCode >= 300 && response.StatusCode != http.StatusNotFound {
		return fmt.Errorf("%s for %s", response.Status, v.Metadata.Name)
	}
	log.Printf("%s removed", v.Metadata.Name)
	return nil
}
