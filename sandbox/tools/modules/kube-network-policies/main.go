// SIG Network's enforcer of network policies, for objects that are given to it.
//
// Everything but this file is upstream's. Upstream's main finds the API server only from inside a pod. Here the objects
// are a JSON object on standard input, with a list each of namespaces, pods and policies; the end of standard input ends
// the program. It decides about the packets in queue 100 of netfilter in its network namespace, and leaves the rules
// that queue them to its caller: upstream's own are for the pods of a node that no pod is on here. They take a kernel
// with NFT_QUEUE, and an attempt that fails drops all packets in the queue.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

func run() error {
	var given struct {
		Namespaces []corev1.Namespace
		Pods       []corev1.Pod
		Policies   []networkingv1.NetworkPolicy
	}
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	var objects []runtime.Object
	for i := range given.Namespaces {
		objects = append(objects, &given.Namespaces[i])
	}
	for i := range given.Pods {
		objects = append(objects, &given.Pods[i])
	}
	for i := range given.Policies {
		objects = append(objects, &given.Policies[i])
	}
	// It would ask this machine's container runtime for pods. Without the plugin (NRIdisabled), it dereferences nil.
	if err := os.Setenv("NRI_PLUGIN_SOCKET", "none"); err != nil {
		return err
	}
	cluster := fake.NewSimpleClientset(objects...)
	factory := informers.NewSharedInformerFactory(cluster, 0)
	controller, err := networkpolicy.NewController(cluster, factory.Networking().V1().NetworkPolicies(),
		factory.Core().V1().Namespaces(), factory.Core().V1().Pods(), nil, nil, nil, nil,
		networkpolicy.Config{NodeName: "node"})
	if err != nil {
		return err
	}
	ctx, end := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		end()
	}()
	factory.Start(ctx.Done())
	return controller.Run(ctx)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
