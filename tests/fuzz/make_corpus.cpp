// Writes what of the corpus code of ours can write: fuzz_corpus FOLDER. The rest, texts of people
// and of stores, lies there as it was collected.
#include "corpus_writer.h"

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const streamd::fuzz::CorpusWriter out(arguments[1]);
  streamd::fuzz::write_objects(out);
  streamd::fuzz::write_litestream(out);
  streamd::fuzz::write_state(out);
}
