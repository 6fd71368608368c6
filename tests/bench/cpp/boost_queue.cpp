// A message queue of Boost.Interprocess between two processes: seconds for `count` messages of `size` bytes.
// boost_queue COUNT SIZE

#include <boost/interprocess/ipc/message_queue.hpp>

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace ipc = boost::interprocess;

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    const std::size_t count = std::strtoull(argv[1], nullptr, 10), size = std::strtoull(argv[2], nullptr, 10);
    const std::string name = "zeroipc_bench_boost_" + std::to_string(getpid());
    ipc::message_queue::remove(name.c_str());
    ipc::message_queue queue(ipc::create_only, name.c_str(), 1024, size);
    ipc::message_queue::remove(name.c_str());
    std::vector<char> message(size, 7);
    const pid_t child = fork();
    if (child == 0) {
        for (std::size_t i = 0; i < count; ++i)
            queue.send(message.data(), size, 0);
        _exit(0);
    }
    const auto start = std::chrono::steady_clock::now();
    std::size_t received = 0;
    unsigned priority = 0;
    for (std::size_t i = 0; i < count; ++i)
        queue.receive(message.data(), size, received, priority);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%.9f\n", took.count());
    return waitpid(child, nullptr, 0) == child ? 0 : 1;
}
