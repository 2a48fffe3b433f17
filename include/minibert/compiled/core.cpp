// Compiles the definitions of core/.
#include <minibert/core/impl/arena.ipp>
#include <minibert/core/impl/cpu_quota.ipp>
#include <minibert/core/impl/error.ipp>
#include <minibert/core/impl/notice.ipp>
#include <minibert/core/impl/parallel.ipp>
#include <minibert/core/impl/random.ipp>
#include <minibert/core/impl/thread_team.ipp>
