// Kube-controllers runs those controllers of kube-controller-manager without which owned objects stay, Namespaces never go,
// bootstrap tokens are not published, PodDisruptionBudgets count nothing and roles are not aggregated. The whole program
// would be three hundred packages more to build.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	cacheddiscovery "k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/controller-manager/pkg/informerfactory"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/bootstrap"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"k8s.io/kubernetes/pkg/controller/disruption"
	"k8s.io/kubernetes/pkg/controller/garbagecollector"
	"k8s.io/kubernetes/pkg/controller/namespace"
)

// As kube-controller-manager has them by default.
const (
	resyncPeriod         = 12 * time.Hour
	discoveryPeriod      = 30 * time.Second
	namespaceSyncPeriod  = 5 * time.Minute
	garbageWorkers       = 20
	namespaceWorkers     = 10
	aggregationWorkers   = 5
	queriesPerSecond     = 20
	burst                = 30
	namespaceQPSFactor   = 20
	namespaceBurstFactor = 100
	garbageQPSFactor     = 2
)

func main() {
	kubeconfig := flag.String("kubeconfig", "", "path of the kubeconfig")
	klog.InitFlags(nil)
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// A controller works until its context ends.
type controller func(ctx context.Context)

// world is what the controllers share.
type world struct {
	config           *rest.Config
	client           kubernetes.Interface
	informers        informers.SharedInformerFactory
	metadata         metadata.Interface
	metadataInformer metadatainformer.SharedInformerFactory
	mapper           *restmapper.DeferredDiscoveryRESTMapper
	informersStarted chan struct{}
}

func run(ctx context.Context, kubeconfig string) error {
	shared, err := connect(ctx, kubeconfig)
	if err != nil {
		return err
	}
	constructors := []func(context.Context, *world) (controller, error){
		newGarbageCollector, newNamespaces, newBootstrapSigner, newTokenCleaner, newDisruption, newRoleAggregation,
	}
	var controllers []controller
	for _, construct := range constructors {
		made, err := construct(ctx, shared)
		if err != nil {
			return err
		}
		controllers = append(controllers, made)
	}
	shared.informers.Start(ctx.Done())
	shared.metadataInformer.Start(ctx.Done())
	close(shared.informersStarted)
	for _, work := range controllers {
		go work(ctx)
	}
	klog.Info("All controllers are started")
	<-ctx.Done()
	return nil
}

func connect(ctx context.Context, kubeconfig string) (*world, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = queriesPerSecond, burst
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	metadataClient, err := metadata.NewForConfig(faster(config, garbageQPSFactor, 1))
	if err != nil {
		return nil, err
	}
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(cacheddiscovery.NewMemCacheClient(client.Discovery()))
	go wait.Until(mapper.Reset, discoveryPeriod, ctx.Done())
	return &world{
		config:           config,
		client:           client,
		informers:        informers.NewSharedInformerFactory(client, resyncPeriod),
		metadata:         metadataClient,
		metadataInformer: metadatainformer.NewSharedInformerFactory(metadataClient, resyncPeriod),
		mapper:           mapper,
		informersStarted: make(chan struct{}),
	}, nil
}

func faster(config *rest.Config, qps, burst int) *rest.Config {
	copied := rest.CopyConfig(config)
	copied.QPS *= float32(qps)
	copied.Burst *= burst
	return copied
}

func newGarbageCollector(ctx context.Context, shared *world) (controller, error) {
	ignored := make(map[schema.GroupResource]struct{})
	for resource := range garbagecollector.DefaultIgnoredResources() {
		ignored[resource] = struct{}{}
	}
	factory := informerfactory.NewInformerFactory(shared.informers, shared.metadataInformer)
	collector, err := garbagecollector.NewGarbageCollector(
		ctx, shared.client, shared.metadata, shared.mapper, ignored, factory, shared.informersStarted,
	)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) {
		go collector.Sync(ctx, shared.client.Discovery(), discoveryPeriod)
		collector.Run(ctx, garbageWorkers, discoveryPeriod)
	}, nil
}

func newNamespaces(ctx context.Context, shared *world) (controller, error) {
	config := faster(shared.config, namespaceQPSFactor, namespaceBurstFactor)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	metadataClient, err := metadata.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	made := namespace.NewNamespaceController(
		ctx, client, metadataClient, client.Discovery().ServerPreferredNamespacedResources,
		shared.informers.Core().V1().Namespaces(), namespaceSyncPeriod, v1.FinalizerKubernetes,
	)
	return func(ctx context.Context) { made.Run(ctx, namespaceWorkers) }, nil
}

func newBootstrapSigner(_ context.Context, shared *world) (controller, error) {
	core := shared.informers.Core().V1()
	made, err := bootstrap.NewSigner(shared.client, core.Secrets(), core.ConfigMaps(), bootstrap.DefaultSignerOptions())
	if err != nil {
		return nil, err
	}
	return made.Run, nil
}

func newTokenCleaner(_ context.Context, shared *world) (controller, error) {
	secrets := shared.informers.Core().V1().Secrets()
	made, err := bootstrap.NewTokenCleaner(shared.client, secrets, bootstrap.DefaultTokenCleanerOptions())
	if err != nil {
		return nil, err
	}
	return made.Run, nil
}

func newDisruption(ctx context.Context, shared *world) (controller, error) {
	kinds := scale.NewDiscoveryScaleKindResolver(shared.client.Discovery())
	scales, err := scale.NewForConfig(shared.config, shared.mapper, dynamic.LegacyAPIPathResolverFunc, kinds)
	if err != nil {
		return nil, err
	}
	core, apps := shared.informers.Core().V1(), shared.informers.Apps().V1()
	made := disruption.NewDisruptionController(
		ctx, core.Pods(), shared.informers.Policy().V1().PodDisruptionBudgets(), core.ReplicationControllers(),
		apps.ReplicaSets(), apps.Deployments(), apps.StatefulSets(),
		shared.client, shared.mapper, scales, shared.client.Discovery(),
	)
	return made.Run, nil
}

func newRoleAggregation(_ context.Context, shared *world) (controller, error) {
	roles := shared.informers.Rbac().V1().ClusterRoles()
	made := clusterroleaggregation.NewClusterRoleAggregation(roles, shared.client.RbacV1())
	return func(ctx context.Context) { made.Run(ctx, aggregationWorkers) }, nil
}
