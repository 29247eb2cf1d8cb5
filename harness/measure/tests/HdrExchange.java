// The other side of test_hdr_java.c: HdrHistogram's own library reads and writes the same histograms.
//
//   histograms IN OUT   each line of IN: lowest highest figures value:count,... TEXT.  TEXT must be
//                       the histogram of these values; OUT gets it as this library writes it.
//   log IN OUT          reads a log and writes its intervals with this library's own writer.

import java.io.*;
import java.nio.ByteBuffer;
import java.util.Base64;
import org.HdrHistogram.*;

public class HdrExchange {
    static void fail(String what) {
        System.err.println(what);
        System.exit(1);
    }

    static Histogram recorded(String[] words) {
        Histogram made = new Histogram(Long.parseLong(words[0]), Long.parseLong(words[1]),
                                       Integer.parseInt(words[2]));
        for (String pair : words[3].split(",")) {
            String[] parts = pair.split(":");
            if (parts.length == 2)
                made.recordValueWithCount(Long.parseLong(parts[0]), Long.parseLong(parts[1]));
        }
        return made;
    }

    static String text(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int length = histogram.encodeIntoCompressedByteBuffer(buffer);
        return Base64.getEncoder().encodeToString(java.util.Arrays.copyOf(buffer.array(), length));
    }

    static void histograms(BufferedReader in, PrintStream out) throws Exception {
        int number = 0;
        for (String line; (line = in.readLine()) != null; number++) {
            String[] words = line.split(" ");
            Histogram wanted = recorded(words);
            ByteBuffer bytes = ByteBuffer.wrap(Base64.getDecoder().decode(words[4]));
            Histogram read = Histogram.decodeFromCompressedByteBuffer(bytes, 0);
            // What has no value above 0 is not equal to what the library itself reads back
            // of it, when lowest > 1.
            boolean empty = wanted.getMaxValue() == 0;
            if ((!empty && !read.equals(wanted)) || read.getTotalCount() != wanted.getTotalCount()
                || (!empty && read.getMaxValue() != wanted.getMaxValue())
                || read.getLowestDiscernibleValue() != wanted.getLowestDiscernibleValue()
                || read.getHighestTrackableValue() != wanted.getHighestTrackableValue())
                fail("histogram " + number + ": another one than was recorded");
            out.println(text(wanted));
        }
    }

    static void log(File in, PrintStream out) throws Exception {
        HistogramLogReader reader = new HistogramLogReader(in);
        HistogramLogWriter writer = new HistogramLogWriter(out);
        EncodableHistogram interval;
        writer.outputComment("[Logged again by HistogramLogWriter]");
        writer.outputLogFormatVersion();
        boolean begun = false;
        while ((interval = reader.nextIntervalHistogram()) != null) {
            if (!begun) {
                writer.setBaseTime((long) (reader.getStartTimeSec() * 1000));
                writer.outputBaseTime((long) (reader.getStartTimeSec() * 1000));
                writer.outputStartTime((long) (reader.getStartTimeSec() * 1000));
                writer.outputLegend();
                begun = true;
            }
            System.out.println(interval.getTag() + " " + interval.getStartTimeStamp() + " "
                               + interval.getEndTimeStamp() + " "
                               + ((Histogram) interval).getTotalCount());
            writer.outputIntervalHistogram(interval);
        }
    }

    public static void main(String[] args) throws Exception {
        try (PrintStream out = new PrintStream(new BufferedOutputStream(
                 new FileOutputStream(args[2])))) {
            if (args[0].equals("log"))
                log(new File(args[1]), out);
            else
                try (BufferedReader in = new BufferedReader(new FileReader(args[1]))) {
                    histograms(in, out);
                }
        }
    }
}
