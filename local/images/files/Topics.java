package platform.kafka;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;

/** Makes the topics of a list exist: creates, raises partitions, sets retention. Never deletes. Running it again changes nothing. */
public final class Topics {
  private static final long PATIENCE_MS = 120_000;

  record Wanted(String name, int partitions, String retentionMs, short replication) {
    static Wanted parse(String line) {
      String[] parts = line.split(":");
      try {
        if (parts.length < 3 || parts.length > 4) throw new NumberFormatException();
        Long.parseLong(parts[2].trim());
        return new Wanted(parts[0].trim(), Integer.parseInt(parts[1].trim()), parts[2].trim(),
            parts.length == 4 ? Short.parseShort(parts[3].trim()) : 1);
      } catch (NumberFormatException e) {
        System.err.println("topics: \"" + line + "\" is not name:partitions:retentionMs[:replication]");
        System.exit(2);
        throw e;
      }
    }
  }

  public static void main(String[] arguments) throws Exception {
    run(System.getenv());
  }

  static void run(Map<String, String> environment) throws Exception {
    String file = environment.get("TOPICS_FILE");
    String text = file != null ? Files.readString(Path.of(file)) : environment.getOrDefault("KAFKA_TOPICS", "");
    Map<String, Wanted> wanted = new LinkedHashMap<>();
    for (String line : text.split("\n")) {
      if (line.isBlank() || line.trim().startsWith("#")) continue;
      Wanted topic = Wanted.parse(line.trim());
      wanted.put(topic.name(), topic);
    }
    if (wanted.isEmpty()) {
      System.err.println("topics: nothing to do; give KAFKA_TOPICS or TOPICS_FILE");
      System.exit(2);
    }
    Properties properties = new Properties();
    properties.put("bootstrap.servers", environment.getOrDefault("KAFKA_BOOTSTRAP", "kafka:9092"));
    properties.put("default.api.timeout.ms", "15000");
    properties.put("request.timeout.ms", "5000");
    long end = System.currentTimeMillis() + PATIENCE_MS;
    while (true) {
      // A new client each time: a name that does not resolve yet makes the constructor itself fail.
      try (Admin admin = Admin.create(properties)) {
        ensure(admin, wanted);
        return;
      } catch (KafkaException | ExecutionException e) {
        if (System.currentTimeMillis() > end) throw e;
        Throwable reason = e.getCause() == null ? e : e.getCause();
        System.out.println("topics: waiting for the broker: " + reason.getMessage());
        Thread.sleep(1000);
      }
    }
  }

  private static void ensure(Admin admin, Map<String, Wanted> wanted) throws ExecutionException, InterruptedException {
    Set<String> present = admin.listTopics().names().get();
    List<NewTopic> missing = new ArrayList<>();
    for (Wanted topic : wanted.values()) {
      if (present.contains(topic.name())) continue;
      missing.add(new NewTopic(topic.name(), topic.partitions(), topic.replication())
          .configs(Map.of("retention.ms", topic.retentionMs())));
    }
    for (var created : admin.createTopics(missing).values().entrySet()) {
      try {
        created.getValue().get();
        System.out.println("topics: created " + created.getKey());
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TopicExistsException)) throw e;
      }
    }
    List<String> kept = wanted.keySet().stream().filter(present::contains).toList();
    if (kept.isEmpty()) return;
    raisePartitions(admin, wanted, admin.describeTopics(kept).allTopicNames().get().values());
    setRetention(admin, wanted, kept);
  }

  private static void raisePartitions(Admin admin, Map<String, Wanted> wanted, Collection<TopicDescription> found)
      throws ExecutionException, InterruptedException {
    Map<String, NewPartitions> more = new HashMap<>();
    for (TopicDescription topic : found) {
      int asked = wanted.get(topic.name()).partitions();
      int has = topic.partitions().size();
      if (has < asked) more.put(topic.name(), NewPartitions.increaseTo(asked));
      if (has > asked) System.out.println("topics: " + topic.name() + " has " + has + " partitions, asked " + asked + ": left as it is");
    }
    if (more.isEmpty()) return;
    admin.createPartitions(more).all().get();
    more.keySet().forEach(name -> System.out.println("topics: more partitions for " + name));
  }

  private static void setRetention(Admin admin, Map<String, Wanted> wanted, List<String> kept)
      throws ExecutionException, InterruptedException {
    Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
    List<ConfigResource> resources = kept.stream().map(name -> new ConfigResource(ConfigResource.Type.TOPIC, name)).toList();
    for (var entry : admin.describeConfigs(resources).all().get().entrySet()) {
      String asked = wanted.get(entry.getKey().name()).retentionMs();
      if (asked.equals(entry.getValue().get("retention.ms").value())) continue;
      changes.put(entry.getKey(), List.of(new AlterConfigOp(new ConfigEntry("retention.ms", asked), AlterConfigOp.OpType.SET)));
    }
    if (changes.isEmpty()) return;
    admin.incrementalAlterConfigs(changes).all().get();
    changes.keySet().forEach(topic -> System.out.println("topics: new retention for " + topic.name()));
  }
}
