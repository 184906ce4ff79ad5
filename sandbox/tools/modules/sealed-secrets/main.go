// The sealed-secrets controller for a cluster that is reached by a kubeconfig.
//
// Everything but this file is upstream's. Upstream's main finds the API server only from inside a pod, by files at fixed
// paths, and generates a key. Here the kubeconfig has the API server's address, and the keys are the Secrets of the key
// namespace with upstream's label.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"syscall"
	"time"
	"unsafe"

	sealedsecrets "github.com/bitnami/sealed-secrets/pkg/client/clientset/versioned"
	sealedinformers "github.com/bitnami/sealed-secrets/pkg/client/informers/externalversions"
	"github.com/bitnami/sealed-secrets/pkg/controller"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Set by the linker.
var version = "unknown"

const maxRetries = 5

func run(kubeconfig, keyNamespace string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	cluster, err := kubernetes.NewForConfig(config)
	if err != nil {
		return err
	}
	sealed, err := sealedsecrets.NewForConfig(config)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	keys := controller.NewKeyRegistry(cluster, keyNamespace, "sealed-secrets-key", controller.SealedSecretsKeyLabel, 4096)
	keySecrets := informers.NewSharedInformerFactoryWithOptions(cluster, 0, informers.WithNamespace(keyNamespace),
		informers.WithTweakListOptions(func(options *metav1.ListOptions) {
			options.LabelSelector = controller.SealedSecretsKeyLabel + "=active"
		}))
	sealer, err := controller.NewController(cluster, sealed, sealedinformers.NewSharedInformerFactory(sealed, 0),
		informers.NewSharedInformerFactory(cluster, 0), keySecrets, keys, maxRetries, "CertNotBefore")
	if err != nil {
		return err
	}
	// The default of upstream's main (--update-status), set through an unexported field.
	status := reflect.ValueOf(sealer).Elem().FieldByName("updateStatus")
	reflect.NewAt(status.Type(), unsafe.Pointer(status.UnsafeAddr())).Elem().SetBool(true)
	keySecrets.Start(stop) // before the controller: without keys, it would give up on existing SealedSecrets
	keySecrets.WaitForCacheSync(stop)
	go sealer.Run(stop)

	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
	close(stop)
	time.Sleep(100 * time.Millisecond)
	return nil
}

func main() {
	kubeconfig := flag.String("kubeconfig", "", "the kubeconfig of the cluster")
	keyNamespace := flag.String("key-namespace", "kube-system", "the namespace of the Secrets with the sealing keys")
	printVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *printVersion {
		fmt.Println("sealed-secrets controller", version)
		return
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	if err := run(*kubeconfig, *keyNamespace); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
