package platform.kafka;

import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Turns KAFKA_* variables into server properties as the public image does, formats new storage, runs the broker. */
public final class Start {
  private static final String CLUSTER_ID = "ZWNvbW1lcmNlLXBsYXRmMQ";

  private static Map<String, String> defaults() {
    Map<String, String> properties = new TreeMap<>();
    properties.put("process.roles", "broker,controller");
    properties.put("node.id", "1");
    properties.put("listeners", "PLAINTEXT://:9092,CONTROLLER://:9093");
    properties.put("controller.listener.names", "CONTROLLER");
    properties.put("controller.quorum.voters", "1@localhost:9093");
    properties.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    properties.put("log.dirs", "/var/lib/kafka/data/log");
    properties.put("offsets.topic.replication.factor", "1");
    properties.put("offsets.topic.num.partitions", "8");
    properties.put("transaction.state.log.replication.factor", "1");
    properties.put("transaction.state.log.min.isr", "1");
    properties.put("transaction.state.log.num.partitions", "8");
    properties.put("share.coordinator.state.topic.replication.factor", "1");
    properties.put("share.coordinator.state.topic.min.isr", "1");
    properties.put("group.initial.rebalance.delay.ms", "0");
    properties.put("auto.create.topics.enable", "false");
    return properties;
  }

  /** KAFKA_LOG_DIRS becomes log.dirs; three underscores stand for a dash, two for an underscore. */
  static String propertyName(String variable) {
    return variable.substring("KAFKA_".length()).toLowerCase()
        .replace("___", "\u0001").replace("__", "\u0002").replace('_', '.').replace('\u0001', '-').replace('\u0002', '_');
  }

  public static void main(String[] arguments) throws Exception {
    run(System.getenv());
  }

  /** Comes back as soon as the broker has stopped; formats the storage first when it is new. */
  static void run(Map<String, String> environment) throws Exception {
    Map<String, String> properties = defaults();
    for (Map.Entry<String, String> entry : environment.entrySet()) {
      String name = entry.getKey();
      // Kubernetes adds KAFKA_SERVICE_HOST, KAFKA_PORT_9092_TCP and the like to pods beside a Service called kafka.
      boolean ours = name.startsWith("KAFKA_") && !name.matches("KAFKA_(HEAP_OPTS|OPTS|TOPICS|BOOTSTRAP|SERVICE_.*|PORT|PORT_.*)");
      if (ours) properties.put(propertyName(name), entry.getValue());
    }
    StringBuilder text = new StringBuilder();
    properties.forEach((name, value) -> text.append(name).append('=').append(value.replace("\\", "\\\\")).append('\n'));
    Path file = Path.of(System.getProperty("java.io.tmpdir"), "server.properties");
    Files.writeString(file, text.toString());

    String clusterId = environment.getOrDefault("CLUSTER_ID", CLUSTER_ID);
    int formatted = kafka.tools.StorageTool.execute(
        new String[] {"format", "--ignore-formatted", "-c", file.toString(), "-t", clusterId}, new PrintStream(System.out, true));
    if (formatted != 0) System.exit(formatted);
    kafka.Kafka.main(new String[] {file.toString()});
  }
}
